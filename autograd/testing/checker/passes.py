"""What the engine's backward pass promises besides, whatever the function."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import combinations
from typing import Any

import numpy as np

from autograd import Node, backward, describe, grad, steps, toposort
from autograd.core.numbers import Array
from autograd.testing.checker.calls import GraphCall, leaf_of
from autograd.testing.checker.graphs import Gradient
from autograd.testing.checker.subject import Number, Numbers, backward_pass, quiet


def broken_by_the_engine(call: GraphCall, cotangent: Number, recorded: bool) -> Iterator[str]:
    """A sentence for every promise that the engine's passes break, beside those of `promises`.

    `backward` leaves what `grad` gives, bit for bit, and a pass that is `recorded` has the same
    numbers; a gradient has the type and dtype of its input; inputs and the seed are left alone, and
    no two results share memory.
    """
    kept = np.array(cotangent)
    numbers = {name: np.array(leaf.raw) for name, leaf in call.leaves.items()}
    with quiet(), backward_pass():
        gradients = call.gradients(cotangent)
        walked = {step.node: step.gradient for step in steps(call.output, cotangent)}
        left, other = left_by_backward(call, cotangent, walked)
        again: dict[str, Any] = {}
        if recorded:
            seed, leaves = leaf_of(cotangent, None), list(call.leaves.values())
            found = grad(call.output, leaves, seed, create_graph=True)
            again = dict(zip(call.leaves, found, strict=True))
    if not identical(walked[call.output], cotangent):
        yield "a rule changes the upstream gradient that it is given"
    for node in other:
        yield f"backward() leaves another gradient at {describe(node)} than the walk gives it"
    for name, leaf in call.leaves.items():
        g = gradients[name]
        kind = type(leaf.raw), leaf.shape, leaf.precision
        if (type(g), np.shape(g), getattr(g, "dtype", float)) != kind:
            yield f"{name}: the gradient of a {form_of(leaf.raw)} is a {form_of(g)}"
        if not identical(g, left[name]):
            yield f"{name}: backward() leaves another gradient than grad() gives"
        if name in again and not np.allclose(g, again[name].raw, rtol=1e-9, atol=0, equal_nan=True):
            yield f"{name}: with create_graph the gradient is another"
        if not identical(numbers[name], leaf.raw):
            yield f"backward() changes the input {name}"
    if not identical(kept, cotangent):
        yield "backward() changes its seed"
    arrays = {"the seed": cotangent, **{f"the gradient of {name}": g for name, g in left.items()}}
    arrays |= {f"the input {name}": leaf.raw for name, leaf in call.leaves.items()}
    for (one, x), (another, y) in combinations(arrays.items(), 2):
        if np.shares_memory(x, y):
            yield f"{one} shares memory with {another}"


def broken_symmetries(
    subject: Gradient, call: GraphCall, rng: np.random.Generator
) -> Iterator[str]:
    """A sentence where second derivatives contradict each other or the first, but for rounding.

    The Hessian is symmetric, ⟨w, Hu⟩ = ⟨u, Hw⟩; and the gradient, which is linear in the cotangent
    v, gives the forward derivative too when differentiated for it: ⟨v, Ju⟩ = ⟨Jᵀv, u⟩.
    """
    u, w = rng.normal(size=(2, *call.output.shape))
    along_u, along_w = call.gradients(u), call.gradients(w)
    names = subject.subject.numbers
    hu, hw = (np.concatenate([np.ravel(g[name]) for name in names]) for g in (along_u, along_w))
    small = rounding(call.output, u, u, w)
    pairs = {
        "the Hessian is not symmetric": (hu * w.ravel(), hw * u.ravel()),
        "forward and reverse derivative differ": (
            along_u[subject.cotangent] * subject.numbers[subject.cotangent],
            call.output.raw * u,
        ),
    }
    for problem, (left, right) in pairs.items():
        one, other = np.sum(left), np.sum(right)
        allowed = 1e-9 * (np.abs(left).sum() + np.abs(right).sum()) + small
        if abs(one - other) > allowed:
            yield f"{problem}: {one:.9g} and {other:.9g}"


def rounding(output: Node[Any], cotangent: Number, *directions: Array) -> float:
    """How far rounding on the way may move a second derivative along `directions`."""
    with quiet():  # what cancels in the end was as large as the largest gradient inside
        inside = max(np.abs(step.gradient).max(initial=0.0) for step in steps(output, cotangent))
    return 5e3 * coarsest(output) * inside * sum(np.abs(x).sum() for x in directions)


def coarsest(output: Node[Any]) -> float:
    """The relative rounding error of the least precise number in the graph."""
    return float(max(np.finfo(dtype).eps for dtype in {x.precision for x in toposort(output)}))


def left_by_backward(
    call: GraphCall, cotangent: Number, walked: dict[Node[Any], Number]
) -> tuple[Numbers, list[Node[Any]]]:
    """The `.grad` that two `backward()` leave, and the nodes whose own is not as `walked`."""
    with keeping_grads(call.leaves.values()):
        for leaf in call.leaves.values():
            leaf.grad = None
        backward(call.output, cotangent)
        backward(call.output, cotangent)
        zeros = {name: 0.0 * leaf.raw for name, leaf in call.leaves.items()}
        left = {name: leaf.grad for name, leaf in call.leaves.items()}
        other = [node for node, g in walked.items() if not identical(g, node.grad)]
        return {name: zeros[name] if g is None else g for name, g in left.items()}, other


@contextmanager
def keeping_grads(leaves: Collection[Node[Any]]) -> Iterator[None]:
    before = [leaf.grad for leaf in leaves]
    try:
        yield
    finally:
        for leaf, gradient in zip(leaves, before, strict=True):
            leaf.grad = gradient


def identical(x: Any, y: Any) -> bool:
    """Whether two numbers or arrays agree in every bit (a zero's sign apart)."""
    return np.array_equal(x, y, equal_nan=True)


def form_of(number: object) -> str:
    if isinstance(number, np.ndarray):
        return f"{number.dtype} array of shape {number.shape}"
    return type(number).__name__
