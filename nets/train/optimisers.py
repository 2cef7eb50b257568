"""Optimisers: how parameters follow their gradients downhill.

`loss.backward()` sets gradients, so there is nothing to zero between steps. PyTorch's names,
defaults and order of operations.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import autograd
from autograd import Node
from nets.layers.carriers import Parameter
from nets.train.groups import Given, Group, Numbers, Raw, gradient_of, grouped
from nets.train.schedules import Schedule, constant

TINY = 1e-200  # where squares begin to lose digits
Memory = dict[str, Raw]  # what is remembered of a parameter, by name


class Optimiser:
    """What optimisers share: the parameters, the learning rate, and a memory per parameter.

    Subclasses say in `memory` which numbers they remember of each parameter, and define `update`.

    Args:
        parameters: leaf Tensors or Values, as of `module.parameters()`.
        lr: the learning rate, or a schedule of it from `nets.schedules`.
    """

    memory: tuple[str, ...] = ()
    elementwise = False  # whether each number moves by itself: then many parameters move at once

    def __init__(self, parameters: Iterable[Parameter], lr: float | Schedule) -> None:
        self.parameters = list(parameters)
        if not self.parameters or not all(
            isinstance(p, Node) and p.op is None for p in self.parameters
        ):
            raise TypeError(
                "an optimiser needs leaf Tensors or Values to move, such as module.parameters(); "
                "an empty list, a raw array or the result of an operation can't be moved"
            )
        self.schedule = lr if callable(lr) else constant(_positive("lr", lr))
        self.steps = 0
        self._groups = grouped(self.parameters)
        self._memory: list[dict[str, Any]] = [
            {name: np.zeros(group.size, group.dtype) for name in self.memory}
            for group in self._groups
        ]
        self._seen = np.zeros(len(self.parameters), int)  # updates of each parameter

    def __repr__(self) -> str:
        dull = ("parameters", "schedule", "steps")
        shown = {k: v for k, v in vars(self).items() if not (k in dull or k.startswith("_"))}
        settings = "".join(f", {name}={value!r}" for name, value in shown.items())
        count = sum(p.size for p in self.parameters)
        return (
            f"{type(self).__name__}({count:,} parameters, lr={self.lr:g}{settings}) "
            f"after {self.steps:,} steps"
        )

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return self.schedule(self.steps)

    def step(self, gradients: Given = None) -> None:
        """Move every parameter by its gradient.

        A parameter without one stays. One that the last backward pass did not reach still has the
        gradient of an earlier pass; set its `.grad = None` where that can happen.

        Args:
            gradients: one for each parameter, in order (None: it stays), as a compiled function
                gives them; for Values also one array. Left out, those that the last backward pass
                left in `.grad`.

        Raises:
            ValueError: there are not as many gradients as parameters, or one has another shape.
            TypeError: one has another dtype than its parameter. Nothing has moved then.

        >>> from autograd.tape import compile
        >>> from autograd import Value
        >>> w = np.array([Value(3.0), Value(4.0)])
        >>> step = compile(lambda x: x * (w * w).sum(), wrt=w)
        >>> loss, gradients = step(1.0)
        >>> gradients
        array([6., 8.])
        >>> SGD(w, lr=0.5).step(gradients)
        >>> w.tolist()
        [Value(0.0), Value(0.0)]
        """
        if gradients is not None and len(gradients) != len(self.parameters):
            raise ValueError(
                f"step needs a gradient for each of the {len(self.parameters)} parameters, "
                f"got {len(gradients)}"
            )
        lr = self.lr
        checked = [group.gradients(gradients) for group in self._groups]  # before anything moves
        for group, memory, found in zip(self._groups, self._memory, checked, strict=True):
            seen = self._seen[group.places]
            whole = isinstance(found, np.ndarray) or not any(g is None for g in found)
            if self.elementwise and whole and (seen == seen[0]).all():
                t = int(seen[0]) + 1
                group.assign(self.update(group.data(), group.joined(found), lr, t, memory))
                self._seen[group.places] = t
            else:
                self._step_one_by_one(group, found, memory, lr)
        self.steps += 1

    def _step_one_by_one(
        self,
        group: Group,
        gradients: Sequence[Raw | None] | Numbers,
        memory: dict[str, Any],
        lr: float,
    ) -> None:
        rows = zip(group.places, group.parameters, group.parts, gradients, strict=True)
        for i, parameter, part, gradient in rows:
            if gradient is not None:
                self._seen[i] += 1
                own = {name: memory[name][part].reshape(parameter.shape) for name in memory}
                raw: Any = parameter.raw
                data = raw if type(raw) is float else raw.copy()
                parameter.data = self.update(data, gradient, lr, int(self._seen[i]), own)
                for name in memory:
                    memory[name][part] = np.ravel(own[name])

    def update(self, data: Raw, grad: Raw, lr: float, t: int, memory: Memory) -> Raw:
        """The new data of a parameter at its `t`-th update; `memory` is changed in place."""
        raise NotImplementedError(f"{type(self).__name__} must define update(...)")

    def state_dict(self) -> dict[str, NDArray[Any]]:
        """Copies of all numbers that the next step depends on, beside parameters and settings."""
        state = {"steps": np.array(self.steps), "seen": self._seen.copy()}
        found: dict[int, dict[str, NDArray[Any]]] = {}
        for group, memory in zip(self._groups, self._memory, strict=True):
            for i, part, shape in zip(group.places, group.parts, group.shapes, strict=True):
                found[i] = {
                    f"{name}.{i}": numbers[part].reshape(shape).copy()
                    for name, numbers in memory.items()
                }
        for i in sorted(found):
            state |= found[i]
        return state

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        """Go on as the optimiser whose state this is would: bit for bit the same steps.

        Raises:
            ValueError: it is no state of such an optimiser for such parameters; nothing changed.
        """
        mine = self.state_dict()
        arrays = {name: np.asarray(array) for name, array in state.items()}
        shapes = {name: array.shape for name, array in arrays.items()}
        if shapes != {name: array.shape for name, array in mine.items()}:
            raise ValueError(
                f"an optimiser's state must have the names and shapes that {type(self).__name__} "
                f"saves for these parameters, got {shapes}; build the optimiser it was saved from"
            )
        self.steps, self._seen = int(arrays["steps"]), arrays["seen"].astype(int)
        for group, memory in zip(self._groups, self._memory, strict=True):
            for name in memory:
                parts = [np.ravel(arrays[f"{name}.{i}"]) for i in group.places]
                memory[name] = np.concatenate(parts).astype(group.dtype)


def _positive(name: str, number: float) -> float:
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} must be finite and not negative, got {number}; try 0.01")
    return number


def _fraction(name: str, number: float) -> float:
    if not 0 <= number < 1:
        raise ValueError(f"{name} must lie in [0, 1), got {number}; try 0.9")
    return number


class SGD(Optimiser):
    """Gradient descent: p ← p − lr · g, with momentum v ← μ v + g in place of g where μ > 0.

    Args:
        momentum: μ, in [0, 1).
        nesterov: look ahead, g + μ v in place of v (Y. Nesterov, 1983).
        weight_decay: λ; g has λ p added, the gradient of ½ λ p².

    >>> from autograd import Value
    >>> w = Value(5.0)
    >>> optimiser = SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> w
    Value(4.0)
    """

    memory = ("momentum",)
    elementwise = True

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float | Schedule = 1e-3,
        momentum: float = 0.0,
        *,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.momentum, self.nesterov = _fraction("momentum", momentum), nesterov
        self.weight_decay = _positive("weight_decay", weight_decay)
        if nesterov and not momentum:
            raise ValueError("nesterov needs a momentum above 0, got 0; try momentum=0.9")

    def update(self, data: Raw, grad: Raw, lr: float, t: int, memory: Memory) -> Raw:
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        if self.momentum:
            v = memory["momentum"] = self.momentum * memory["momentum"] + grad
            grad = grad + self.momentum * v if self.nesterov else v
        return data - lr * grad


class Adam(Optimiser):
    """p ← p − lr · m̂ / (√v̂ + ε), with running means m of g and v of g², corrected for their start.

    Args:
        betas: (β₁, β₂), each in [0, 1): m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g².
        eps: ε.
        weight_decay: λ; g has λ p added.

    Source: D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015.

    >>> from autograd import Value
    >>> w = Value(5.0)
    >>> optimiser = Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> round(w.data, 6)
    4.9
    """

    memory = ("mean", "square")
    elementwise = True

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.betas = (_fraction("betas[0]", betas[0]), _fraction("betas[1]", betas[1]))
        self.eps = _positive("eps", eps)
        self.weight_decay = _positive("weight_decay", weight_decay)

    def update(self, data: Raw, grad: Raw, lr: float, t: int, memory: Memory) -> Raw:
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        return data - self.move(grad, lr, t, memory)

    def move(self, grad: Raw, lr: float, t: int, memory: Memory) -> Raw:
        """lr · m̂ / (√v̂ + ε) at a parameter's `t`-th update."""
        first, second = self.betas
        m = memory["mean"] = first * memory["mean"] + (1 - first) * grad
        v = memory["square"] = second * memory["square"] + (1 - second) * grad * grad
        scale = np.sqrt(v) / math.sqrt(1 - second**t) + self.eps
        return lr / (1 - first**t) * m / scale


class AdamW(Adam):
    """Adam, with weights that decay by p ← (1 − lr · λ) p beside the step; λ is 0.01 by default.

    Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.

    >>> from autograd import Value
    >>> w = Value(5.0)
    >>> optimiser = AdamW([w], lr=0.1, weight_decay=0.5)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> round(w.data, 6)
    4.65
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float | Schedule = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay=weight_decay)

    def update(self, data: Raw, grad: Raw, lr: float, t: int, memory: Memory) -> Raw:
        return data * (1 - lr * self.weight_decay) - self.move(grad, lr, t, memory)


def norm_of(gradients: list[Raw]) -> float:
    """√Σg² of all together; scaled only where the squares leave the range of floats."""
    if gradients and all(type(g) is float for g in gradients):
        gradients = [np.array(gradients)]
    total = sum(float(np.vdot(g, g)) for g in gradients)
    if TINY < total < math.inf or total != total:
        return math.sqrt(total)
    numbers = [np.ravel(g).astype(float) for g in gradients if np.size(g)]
    return float(autograd.norm(np.concatenate(numbers))) if numbers else 0.0


def clip_grad_norm(parameters: Iterable[Parameter], max_norm: float) -> float:
    """Scale the gradients down, all by one factor, where their common norm exceeds `max_norm`.

    Returns the norm √Σg² that they had; where it is not finite, nothing is changed.

    >>> from autograd import Value
    >>> w = Value(3.0)
    >>> (w * w).backward()
    >>> clip_grad_norm([w], max_norm=1.0), w.grad
    (6.0, 1.0)
    """
    gradients = {p: g for p in parameters if (g := gradient_of(p)) is not None}
    norm = norm_of(list(gradients.values()))
    if max_norm < norm < math.inf:
        for parameter, gradient in gradients.items():
            parameter.grad = gradient * (max_norm / norm)
    return norm
