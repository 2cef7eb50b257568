"""Laws that gradients obey, as ready-made checks of a function of yours.

No numeric derivative takes part, so they hold to rounding: each raises `GradientError` where its
two sides are further apart than `rtol`, or than float32 rounds where that occurs in the graph. What
`f` returns may have any shape; random cotangents weight it.

>>> from autograd import Tensor, softmax
>>> x = Tensor([[1.0, 2.0, 4.0]])
>>> invariant(softmax, lambda x: x + 10.0, x)
>>> homogeneous(lambda x: x * x * x, x, degree=3)
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Node, Tensor, Value, grad, steps
from autograd.core.numbers import Array
from autograd.errors import GradientError
from autograd.tape import Tape
from autograd.testing.checker.passes import coarsest, rounding

Function = Callable[..., Value | Tensor]
RTOL = 1e-10


def linear_in_cotangent(f: Function, *inputs: Node[Any], seed: int = 0, rtol: float = RTOL) -> None:
    """vjp(2u − 3v) = 2 vjp(u) − 3 vjp(v), and vjp(0) is exactly 0."""
    rng, output = _random(seed), f(*inputs)
    rtol = _attainable(rtol, output)
    u, v = rng.normal(size=(2, *output.shape))
    both = grad(output, inputs, 2 * u - 3 * v)
    alone = zip(grad(output, inputs, u), grad(output, inputs, v), strict=True)
    size = 2 * _largest(output, u) + 3 * _largest(output, v)
    for i, (g, (gu, gv)) in enumerate(zip(both, alone, strict=True)):
        _agree(f"linearity in the cotangent, input {i}", g, 2 * gu - 3 * gv, rtol, size)
    for i, g in enumerate(grad(output, inputs, 0 * u)):
        _agree(f"a cotangent of zero, input {i}", g, 0 * g, 0.0)


def homogeneous(
    f: Function, *inputs: Node[Any], degree: float, seed: int = 0, rtol: float = RTOL
) -> None:
    """Euler's theorem: Σ ⟨x, ∂f/∂x⟩ = degree · f, for an f with f(t x) = t^degree f(x)."""
    output = f(*inputs)
    rtol, cotangent = _attainable(rtol, output), _cotangent(output, seed)
    gradients = grad(output, inputs, cotangent)
    left = sum(np.vdot(x.raw, g) for x, g in zip(inputs, gradients, strict=True))
    right = degree * np.vdot(cotangent, output.raw)
    size = sum(np.vdot(np.abs(x.raw), np.abs(g)) for x, g in zip(inputs, gradients, strict=True))
    _agree(f"Euler's theorem for degree {degree:g}", left, right, rtol, size)


def symmetric_hessian(f: Function, *inputs: Node[Any], seed: int = 0, rtol: float = RTOL) -> None:
    """⟨u, H v⟩ = ⟨v, H u⟩, H being the Hessian of ⟨cotangent, f⟩ for all inputs together."""
    output = f(*inputs)
    total = autograd.sum(output * _cotangent(output, seed))
    rtol, rng = _attainable(rtol, total), _random(seed + 1)
    u, v = ([rng.normal(size=x.shape) for x in inputs] for _ in range(2))
    hu, hv = (autograd.hvp(total, list(inputs), directions) for directions in (u, v))
    left = sum(np.vdot(a, b) for a, b in zip(u, hv, strict=True))
    right = sum(np.vdot(a, b) for a, b in zip(v, hu, strict=True))
    size = sum(np.vdot(np.abs(a), np.abs(b)) for a, b in zip(v, hu, strict=True))
    slack = rounding(total, 1.0, *u, *v) / rtol
    _agree("symmetry of the Hessian", left, right, rtol, size + slack)


def equivariant(
    f: Function, x: Node[Any], *others: Node[Any], axis: int = 0, seed: int = 0, rtol: float = RTOL
) -> None:
    """f(P x) = P f(x) for a permutation P along `axis`, and its gradient moves along with it.

    Of the inputs only the first is permuted.
    """
    order = _random(seed).permutation(x.shape[axis])
    if np.array_equal(order, np.sort(order)):  # no permutation at all
        order = np.roll(order, 1)
    output = f(x, *others)
    rtol, cotangent = _attainable(rtol, output), _cotangent(output, seed)
    moved = x.detach()
    moved.data = np.take(x.data, order, axis)
    permuted = f(moved, *others)
    _agree("equivariance under permutation", permuted.raw, np.take(output.raw, order, axis), rtol)
    gradient, *rest = grad(output, (x, *others), cotangent)
    after, *rest_after = grad(permuted, (moved, *others), np.take(cotangent, order, axis))
    size = _largest(output, cotangent)
    _agree("equivariance of the gradient", after, np.take(gradient, order, axis), rtol, size)
    for i, (g, h) in enumerate(zip(rest, rest_after, strict=True), start=1):
        _agree(f"the gradient of input {i} under permutation", h, g, rtol, size)


def invariant(
    f: Function, change: Function, *inputs: Node[Any], seed: int = 0, rtol: float = RTOL
) -> None:
    """f(change(x), ...) = f(x, ...), and the gradients, through the change, are equal too.

    Softmax does not see a shift of its input, layer norm neither a shift nor a scale.
    """
    output, changed = f(*inputs), f(change(inputs[0]), *inputs[1:])
    rtol = _attainable(rtol, output)
    _agree("invariance", changed.raw, output.raw, rtol)
    cotangent = _cotangent(output, seed)
    before = grad(output, inputs, cotangent)
    after = grad(changed, inputs, cotangent)
    size = max(_largest(output, cotangent), _largest(changed, cotangent))
    for i, (g, h) in enumerate(zip(after, before, strict=True)):
        _agree(f"invariance of the gradient of input {i}", g, h, rtol, size)


def sum_rule(
    f: Function, h: Function, *inputs: Node[Any], seed: int = 0, rtol: float = RTOL
) -> None:
    """The gradient of f + h is the sum of their gradients."""
    one, other = f(*inputs), h(*inputs)
    rtol, cotangent = _attainable(rtol, one + other), _cotangent(one, seed)
    together = grad(one + other, inputs, cotangent)
    alone = [grad(output, inputs, cotangent) for output in (f(*inputs), h(*inputs))]
    size = _largest(one + other, cotangent)
    for i, (g, *parts) in enumerate(zip(together, *alone, strict=True)):
        _agree(f"the sum rule, input {i}", g, parts[0] + parts[1], rtol, size)


def replay_equals_eager(f: Function, *inputs: Node[Any], seed: int = 0, rtol: float = RTOL) -> None:
    """The recorded graph, replayed on other numbers, gives what `f` gives there; gradients too.

    `f` breaks it by reading numbers that it should compute with, or by branching on them.
    """
    rng = _random(seed)
    leaves = [x.detach() for x in inputs]
    total = autograd.sum(f(*leaves) * _cotangent(f(*inputs), seed))
    rtol = _attainable(rtol, total)
    moved = [x.detach() for x in inputs]
    for x in moved:
        x.data = np.asarray(x.raw * rng.uniform(0.9, 1.1, x.shape), x.precision)
    eager = autograd.sum(f(*moved) * _cotangent(f(*inputs), seed))
    numbers = [x.data for x in moved]
    again = autograd.recompute(total, dict(zip(leaves, numbers, strict=True)))
    _agree("a replay (recompute)", again, eager.raw, rtol)
    value, gradients = Tape(total, leaves, strict=False).value_and_grad(*numbers)
    _agree("a replay (Tape)", value, eager.raw, rtol)
    size = _largest(eager)
    for i, (g, h) in enumerate(zip(gradients, grad(eager, moved), strict=True)):
        _agree(f"the gradient of a replay (Tape), input {i}", g, h, rtol, size)


def values_equal_tensors(
    f: Function, *inputs: Node[Any], seed: int = 0, rtol: float = 1e-12
) -> None:
    """The scalar graph that `scalarize` makes of f has the same numbers and the same gradients."""
    output = f(*inputs)
    total = autograd.sum(output * _cotangent(output, seed))
    rtol = _attainable(rtol, total)
    scalars: dict[Node[Any], Any] = {}
    value = autograd.scalarize(total, scalars)
    _agree("the scalarized graph", value.data, total.raw, rtol)
    size = _largest(total)
    for i, (x, g) in enumerate(zip(inputs, grad(total, list(inputs)), strict=True)):
        if x in scalars:  # an input may not take part
            found = grad(value, list(np.asarray(scalars[x], object).flat))
            _agree(f"the scalarized graph's gradient, input {i}", found, np.ravel(g), rtol, size)


def _random(seed: int) -> np.random.Generator:
    """A stream of its own: that of `default_rng(0)` is likely to be where the inputs come from."""
    return np.random.default_rng([seed, *b"laws"])


def _cotangent(output: Node[Any], seed: int) -> Array:
    return np.asarray(_random(seed).normal(size=output.shape))


def _attainable(rtol: float, output: Node[Any]) -> float:
    """`rtol`, or what float32 can be asked for where it occurs in the graph."""
    return max(rtol, 1e3 * coarsest(output))


def _largest(output: Node[Any], cotangent: Array | None = None) -> float:
    """The largest number that goes into a gradient on the way: it rounds by a part of that."""
    sent = (x for step in steps(output, cotangent) for x in step.sent if x is not None)
    return max((float(np.max(np.abs(x), initial=0.0)) for x in sent), default=0.0)


def _agree(law: str, found: Any, expected: Any, rtol: float, size: float = 0.0) -> None:
    """Raise unless the two sides agree, relative to their largest element, or to `size`."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    broken = f"{law} does not hold:"
    if found.shape != expected.shape:
        raise GradientError(f"{broken} the shapes are {found.shape} and {expected.shape}")
    scale = np.max(np.abs(expected), initial=size)
    apart = np.max(np.abs(found - expected), initial=0.0)
    if not apart <= rtol * scale:  # a NaN is no agreement
        raise GradientError(
            f"{broken} {found} on one side, {expected} on the other, "
            f"apart by {apart:.3g}, which is more than {rtol:g} of {scale:.3g}"
        )
