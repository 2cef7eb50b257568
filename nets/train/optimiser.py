"""`Optimiser`: what all optimisers share, and the norm of gradients."""

import math
import operator
import warnings
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
        if hasattr(parameters, "parameters"):
            raise TypeError(
                f"an optimiser needs parameters to move, got a {type(parameters).__name__}; "
                f"pass model.parameters()"
            )
        self.parameters = list(parameters)
        if not self.parameters or not all(
            isinstance(p, Node) and p.op is None for p in self.parameters
        ):
            raise TypeError(
                "an optimiser needs leaf Tensors or Values to move, such as module.parameters(); "
                "an empty list, a raw array or the result of an operation can't be moved"
            )
        self.schedule = lr if callable(lr) else constant(positive("lr", lr))
        self.steps = 0
        self._groups = grouped(self.parameters)
        self._memory: list[dict[str, Any]] = [
            {name: np.zeros(group.size, group.dtype) for name in self.memory}
            for group in self._groups
        ]
        self._seen = np.zeros(len(self.parameters), int)  # updates of each parameter
        self._used: list[Any] = [None] * len(self.parameters)  # the gradients of the last step

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

    def step(self, gradients: Given | None = None) -> None:
        """Move every parameter by its gradient.

        A parameter without one stays, and so does one that the last backward pass did not reach:
        what it has is the gradient of an earlier pass, with which it has moved already.

        Args:
            gradients: one for each parameter, in order (None: it stays), as a compiled function
                gives them; for Values also one array. Left out, those that the last backward pass
                left in `.grad`.

        Raises:
            ValueError: there are not as many gradients as parameters, or one has another shape.
            TypeError: one has another dtype than its parameter. Nothing has moved then.

        >>> from autograd.tape import compile
        >>> from autograd import Value
        >>> from nets import SGD
        >>> w = np.array([Value(3.0), Value(4.0)])
        >>> step = compile(lambda x: x * (w * w).sum(), wrt=w)
        >>> loss, gradients = step(1.0)
        >>> gradients
        array([6., 8.])
        >>> SGD(w, lr=0.5).step(gradients)
        >>> w.tolist()
        [Value(0.0), Value(0.0)]
        """
        if gradients is None:
            given: Given = self._fresh()
        elif len(gradients) == len(self.parameters):
            given = gradients
        else:
            raise ValueError(
                f"step needs a gradient for each of the {len(self.parameters)} parameters, "
                f"got {len(gradients)}"
            )
        self.move_all(given)
        self.steps += 1
        if gradients is None:
            self._remember()

    def checked(self, given: Given) -> list[Sequence[Raw | None] | Numbers]:
        """The gradients of each group, which fit their parameters."""
        return [group.gradients(given) for group in self._groups]

    def move_all(self, given: Given) -> None:
        """Move every parameter by its gradient, or none where one does not fit."""
        lr, checked = self.lr, self.checked(given)
        for group, memory, found in zip(self._groups, self._memory, checked, strict=True):
            seen = self._seen[group.places]
            whole = isinstance(found, np.ndarray) or not any(g is None for g in found)
            if self.elementwise and whole and (seen == seen[0]).all():
                t = int(seen[0]) + 1
                group.assign(self.update(group.data(), group.joined(found), lr, t, memory))
                self._seen[group.places] = t
            else:
                self._step_one_by_one(group, found, memory, lr)

    def _remember(self) -> None:
        """The gradients that were used, as objects that no later backward pass can leave again."""
        held: list[Any] = [parameter.raw_grad for parameter in self.parameters]
        self._used = [g * 1.0 if type(g) is float else g for g in held]  # floats of our own
        for parameter, used in zip(self.parameters, self._used, strict=True):
            parameter.raw_grad = used

    def zero_grad(self) -> None:
        """Forget all gradients, as PyTorch's loops do before a backward pass; here it sets them.

        >>> from autograd import Value
        >>> from nets import SGD
        >>> w = Value(3.0)
        >>> optimiser = SGD([w])
        >>> (w * w).backward()
        >>> optimiser.zero_grad()
        >>> w.grad is None
        True
        """
        for parameter in self.parameters:
            parameter.grad = None

    def _fresh(self) -> list[Raw | None]:
        """The gradient of each parameter; None where only others have got one since the last step.

        Where no parameter has a new one, a step is repeated on purpose.
        """
        held: list[Any] = [parameter.raw_grad for parameter in self.parameters]
        old = list(map(operator.is_, held, self._used))
        found = [
            g if type(g) is float else gradient_of(p)
            for g, p in zip(held, self.parameters, strict=True)
        ]
        if all(g is None for g in found):
            warnings.warn(
                "no parameter has a gradient, so none moves: call loss.backward() first, on a "
                "loss that is computed from these very parameters (a model that was built anew, "
                "or by astype, has others), and not from their .data",
                stacklevel=3,
            )
        if any(old) and not all(old):
            found = [None if was else g for g, was in zip(found, old, strict=True)]
        return found

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


def positive(name: str, number: float) -> float:
    if not 0 <= number < math.inf:
        raise ValueError(f"{name} must be finite and not negative, got {number}; try 0.01")
    return number


def fraction(name: str, number: float) -> float:
    if not 0 <= number < 1:
        raise ValueError(f"{name} must lie in [0, 1), got {number}; try 0.9")
    return number


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
            if isinstance(parameter.raw_grad, np.ndarray):
                gradient *= max_norm / norm  # in place: it stays the gradient of the same pass
            else:
                parameter.grad = gradient * (max_norm / norm)
    return norm
