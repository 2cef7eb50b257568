"""Where a NaN or an infinity came from: caught as it is made, or found afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd.arithmetic.formulas import formula, write
from autograd.core.modes import observing
from autograd.core.node import Node, Observer
from autograd.core.walk import Step, steps, toposort, vjp
from autograd.errors import NonFiniteError
from autograd.viz.lines import written
from autograd.viz.text import node_title, number_text, numbers_of


def _failure(
    message: str, node: Node, place: tuple[int, ...], operands: tuple[Any, ...], *more: Any
) -> NonFiniteError:
    """The error, with what to write instead, and the source line where it is known."""
    given_nan = any(np.any(np.isnan(x)) for x in operands)
    remedy = node.op.remedy if node.op and not given_nan else ""
    message += (f"; {remedy}" if remedy else "") + (f" ({node.line})" if node.line else "")
    return NonFiniteError(message, node, place, operands, *more)


@contextmanager
def detect_anomaly() -> Iterator[None]:
    """Within it the first NaN or infinity, forward or backward, raises `NonFiniteError`.

    An infinity that was put in, as in an attention mask of −∞, and is merely passed on is no
    anomaly; a NaN always is. With `record_lines()` the message names the source line, too.

    Raises:
        NonFiniteError: naming the operation, the element, its operands, the local derivative.

    >>> from autograd import Value
    >>> with detect_anomaly():
    ...     Value(0.0).log()
    Traceback (most recent call last):
    autograd.errors.NonFiniteError: log made −inf = ln(0) in the forward pass; keep ...
    """
    with np.errstate(all="ignore"), observing(_Detector()):
        yield


def why_nonfinite(root: Node, seed: Any = None) -> NonFiniteError | None:
    """The first cause of a NaN or infinity in `root` or its gradients; None where all is finite.

    What `detect_anomaly` would have raised, found afterwards, and returned.

    Args:
        root: the node that is not finite, or whose gradients are not.
        seed: its upstream gradient, of its shape; ones where not given.

    >>> from autograd import Value
    >>> x = Value(0.0, label="x")
    >>> error = why_nonfinite((x * x).sqrt())
    >>> error.node.op.name, error.operand, error.local
    ('sqrt', 0, inf)
    """
    for node in toposort(root):
        if error := _forward_error(node):
            return error
    if seed is None and root.size != 1:
        seed = np.ones(root.shape)
    with np.errstate(all="ignore"):
        return next(filter(None, map(_backward_error, steps(root, seed))), None)


class _Detector(Observer):
    def recorded(self, node: Node) -> None:
        if error := _forward_error(node):
            raise error

    def stepped(self, step: Step) -> None:
        if error := _backward_error(step):
            raise error


# --- the forward pass -------------------------------------------------------------------------


def _forward_error(node: Node) -> NonFiniteError | None:
    raw = tuple(numbers_of(x) for x in node.operands)
    if node.op is None or np.all(np.isfinite(node.raw)):
        return None
    elementwise = node.op.scalar is not None
    operands = tuple(np.broadcast_to(x, node.shape) for x in raw) if elementwise else raw
    place = _first_fault(node.raw, operands, elementwise)
    if place is None:
        return None
    values = tuple(float(x[place]) for x in operands) if elementwise else raw
    made = number_text(node.raw[place] if place else node.raw)
    called = f" ({node.label!r})" if node.label else ""
    message = f"{node.op.name}{called} made {made} = {_written(node, values)} in the forward pass"
    message += _at(place)
    origins = [
        _origin(operand, place)
        for operand, value in zip(node.operands, values, strict=True)
        if elementwise and isinstance(operand, Node) and (value == 0 or not np.isfinite(value))
    ]
    told = " and ".join(dict.fromkeys(filter(None, origins)))
    message += f", where {told}" if told else ""
    return _failure(message, node, place, values)


def _first_fault(result: Any, inputs: tuple[Any, ...], elementwise: bool) -> tuple[int, ...] | None:
    """The first element of `result` that is NaN, or infinite though the inputs are finite."""
    sound = [np.isfinite(x) if elementwise else np.all(np.isfinite(x)) for x in inputs]
    faults = np.isnan(result) | (np.isinf(result) & np.logical_and.reduce(sound))
    return next((tuple(map(int, place)) for place in np.argwhere(faults)), None)


def _origin(node: Node, place: tuple[int, ...]) -> str:
    """How an element came to be, followed back for as long as it is only passed on.

    `place` is where it stands in a result that `node` was broadcast to.
    """
    while True:
        place = place[len(place) - node.ndim :]
        place = tuple(0 if n == 1 else i for i, n in zip(place, node.shape, strict=True))
        value = node.raw[place] if place else node.raw
        if node.op is None or node.op.scalar is None:
            return f"{number_text(value)} is {node.label!r}" if node.label else ""
        values = [float(np.broadcast_to(numbers_of(x), node.shape)[place]) for x in node.operands]
        same = [
            x
            for x, number in zip(node.operands, values, strict=True)
            if isinstance(x, Node) and number == value
        ]
        if not same:
            return f"{number_text(value)} = {_written(node, values)}"
        node = same[0]


# --- the backward pass ------------------------------------------------------------------------


def _backward_error(step: Step) -> NonFiniteError | None:
    node, gradient = step.node, numbers_of(step.gradient)
    if not np.all(np.isfinite(gradient)):
        place = _first_fault(gradient, (), True)
        assert place is not None
        made = number_text(gradient[place] if place else gradient)
        message = (
            f"the contributions to the gradient of {node_title(node)} add up to {made}{_at(place)}"
        )
        return _failure(message, node, place, (), -1, gradient)
    for i, contribution in enumerate(map(numbers_of, step.sent)):
        if contribution is not None and not np.all(np.isfinite(contribution)):
            return _contribution_error(node, gradient, i, contribution)
    return None


def _contribution_error(node: Node, gradient: Any, i: int, contribution: Any) -> NonFiniteError:
    """`gradient` reached `node` soundly, and what it sends to its operand `i` is not finite."""
    assert node.op is not None
    place = _first_fault(contribution, (), True)
    assert place is not None
    values: tuple[Any, ...] = tuple(numbers_of(x) for x in node.operands)
    out, local = node.raw, None
    if node.op.scalar is not None and np.shape(contribution) == node.shape:
        one = np.ones_like(gradient)[()] if node.shape else 1.0
        with np.errstate(all="ignore"):
            local = vjp(node, one)[i]
        local, gradient, out = (float(np.asarray(x)[place]) for x in (local, gradient, out))
        values = tuple(float(np.broadcast_to(x, node.shape)[place]) for x in values)
    rule = formula(
        node.op,
        i,
        tuple(map(written, values)),
        g=written(gradient),
        out=written(out),
        params=node.params,
    ).text
    made = number_text(contribution[place] if place else contribution)
    message = (
        f"{node.op.name} sends {made} = {rule} to the gradient of its operand {i}, "
        f"{node_title(node.operands[i])}, in the backward pass{_at(place)}"
    )
    if local is not None:
        message += (
            f" (upstream gradient {number_text(gradient)}, local derivative {number_text(local)})"
        )
    return _failure(message, node, place, values, i, gradient, local)


def _at(place: tuple[int, ...]) -> str:
    return f" at element [{', '.join(map(str, place))}]" if place else ""


def _written(node: Node, values: Any) -> str:
    """The operation of `node` on these numbers."""
    assert node.op is not None
    return write(node.op, *map(written, values)).text
