"""Optimisers: how parameters follow their gradients downhill.

`loss.backward()` sets gradients, so there is nothing to zero between steps. PyTorch's names,
defaults and order of operations.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nets.layers.carriers import Parameter
from nets.train.groups import Given, Raw
from nets.train.optimiser import Memory, Optimiser, fraction, positive
from nets.train.schedules import Schedule


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
        self.momentum, self.nesterov = fraction("momentum", momentum), nesterov
        self.weight_decay = positive("weight_decay", weight_decay)
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
        self.betas = (fraction("betas[0]", betas[0]), fraction("betas[1]", betas[1]))
        self.eps = positive("eps", eps)
        self.weight_decay = positive("weight_decay", weight_decay)

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


class RMSprop(Optimiser):
    """p ← p − lr · g / (√v + ε), with a running mean v of g²; with momentum, as SGD takes it.

    Args:
        alpha: α in [0, 1): v ← α v + (1 − α) g².
        eps: ε.
        weight_decay: λ; g has λ p added.
        momentum: μ, in [0, 1).

    Source: T. Tieleman and G. Hinton, "Lecture 6.5 - rmsprop", 2012.

    >>> from autograd import Value
    >>> w = Value(5.0)
    >>> optimiser = RMSprop([w], lr=0.1, alpha=0.75)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> round(w.data, 6)
    4.8
    """

    memory = ("square", "momentum")
    elementwise = True

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float | Schedule = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        *,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.alpha, self.eps = fraction("alpha", alpha), positive("eps", eps)
        self.weight_decay = positive("weight_decay", weight_decay)
        self.momentum = fraction("momentum", momentum)

    def update(self, data: Raw, grad: Raw, lr: float, t: int, memory: Memory) -> Raw:
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        v = memory["square"] = self.alpha * memory["square"] + (1 - self.alpha) * grad * grad
        step = grad / (np.sqrt(v) + self.eps)
        if self.momentum:
            step = memory["momentum"] = self.momentum * memory["momentum"] + step
        return data - lr * step


class Adagrad(Optimiser):
    """p ← p − lr · g / (√v + ε), with the sum v of all g² so far.

    Args:
        eps: ε.
        weight_decay: λ; g has λ p added.

    Source: J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and
    stochastic optimization", JMLR 12, 2011.

    >>> from autograd import Value
    >>> w = Value(5.0)
    >>> optimiser = Adagrad([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> round(w.data, 6)
    4.9
    """

    memory = ("square",)
    elementwise = True

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float | Schedule = 1e-2,
        eps: float = 1e-10,
        *,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr)
        self.eps, self.weight_decay = positive("eps", eps), positive("weight_decay", weight_decay)

    def update(self, data: Raw, grad: Raw, lr: float, t: int, memory: Memory) -> Raw:
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        v = memory["square"] = memory["square"] + grad * grad
        return data - lr * grad / (np.sqrt(v) + self.eps)


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


class Together(Optimiser):
    """Several optimisers as one, so that groups of parameters have settings of their own.

    Raises:
        ValueError: there is none, or two hold the same parameter.

    >>> from nets import MLP
    >>> model = MLP(2, 3, 1, rng=np.random.default_rng(0))
    >>> first, last = model.layers
    >>> Together(Adam(first.parameters(), lr=1e-3), AdamW(last.parameters(), lr=1e-2)).lr
    0.001
    """

    def __init__(self, *optimisers: Optimiser) -> None:
        parameters = [p for one in optimisers for p in one.parameters]
        if not optimisers or len(set(parameters)) < len(parameters):
            raise ValueError(
                f"Together needs optimisers of different parameters, got {len(optimisers)} with "
                f"{len(parameters) - len(set(parameters))} in common; give each to one of them"
            )
        super().__init__(parameters, optimisers[0].schedule)
        self.optimisers = optimisers

    def __repr__(self) -> str:
        return f"Together({', '.join(map(repr, self.optimisers))})"

    def move_all(self, given: Given) -> None:
        self.checked(given)  # all of them, before the first moves
        start = 0
        for one in self.optimisers:
            stop = start + len(one.parameters)
            one.step(given[start:stop])
            start = stop

    def state_dict(self) -> dict[str, NDArray[Any]]:
        states = [one.state_dict() for one in self.optimisers]
        return {f"{i}.{name}": x for i, state in enumerate(states) for name, x in state.items()}

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        parts: list[dict[str, ArrayLike]] = [{} for _ in self.optimisers]
        before = [one.state_dict() for one in self.optimisers]
        try:
            for name, array in state.items():
                place, _, inner = name.partition(".")
                parts[int(place)][inner] = array
            for one, part in zip(self.optimisers, parts, strict=True):
                one.load_state_dict(part)
        except (IndexError, KeyError, ValueError) as error:
            for one, old in zip(self.optimisers, before, strict=True):
                one.load_state_dict(old)
            raise ValueError(
                f"the state is none of {len(self.optimisers)} such optimisers: {error}"
            ) from error
        self.steps = self.optimisers[0].steps
