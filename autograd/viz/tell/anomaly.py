"""Where a NaN or an infinity came from: caught as it is made, or found afterwards."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd import Node, Observer, Step, formula, observing, steps, toposort, vjp, write
from autograd.core.modes import bare, held
from autograd.core.node import raw
from autograd.core.walk import Seed
from autograd.errors import NonFiniteError
from autograd.viz.lines import number_symbol
from autograd.viz.tell.source_lines import end_in_own_code
from autograd.viz.text import Number, node_title, number_text

Place = tuple[int, ...]  # of an element in an array; of a single number ()


@bare
@held
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
    try:
        with np.errstate(all="ignore"), observing(_Detector()):
            yield
    except NonFiniteError as error:
        end_in_own_code(error)
        raise


def why_nonfinite(root: Node, seed: Seed = None) -> NonFiniteError | None:
    """The first cause of a NaN or infinity in `root` or its gradients; None where all is finite.

    What `detect_anomaly` would have raised is returned. `seed` is the gradient of `root`, of its
    shape; ones where not given.

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
    if node.op is None or np.all(np.isfinite(node.raw)):
        return None
    elementwise = node.op.scalar is not None
    inputs = tuple(map(raw, node.operands))
    if elementwise:
        inputs = tuple(np.broadcast_to(x, node.shape) for x in inputs)
    place = _first_fault(node.raw, inputs, elementwise)
    if place is None:
        return None
    values = tuple(float(x[place]) for x in inputs) if elementwise else inputs
    called = f" ({node.label!r})" if node.label else ""
    made = f"{number_text(_element(node.raw, place))} = {_written(node, values)}"
    origins = [
        _origin(operand, place)
        for operand, value in zip(node.operands, values, strict=True)
        if elementwise and isinstance(operand, Node) and (value == 0 or not np.isfinite(value))
    ]
    told = " and ".join(dict.fromkeys(filter(None, origins)))
    message = f"{node.op.name}{called} made {made} in the forward pass{_at(place)}"
    return _failure(message + (f", where {told}" if told else ""), node, place, values)


def _first_fault(
    result: Number, inputs: tuple[Number, ...] = (), elementwise: bool = True
) -> Place | None:
    """The first element of `result` that is NaN, or infinite though the inputs are finite."""
    if np.all(np.isfinite(result)):
        return None
    sound = [np.isfinite(x) if elementwise else np.all(np.isfinite(x)) for x in inputs]
    faults = np.isnan(result) | (np.isinf(result) & np.logical_and.reduce(sound))
    return next((tuple(map(int, place)) for place in np.argwhere(faults)), None)


def _origin(node: Node, place: Place) -> str:
    """How an element came to be, followed back for as long as it is only passed on.

    `place` is where it stands in a result that `node` was broadcast to.
    """
    while True:
        own = zip(place[len(place) - node.ndim :], node.shape, strict=True)
        place = tuple(0 if n == 1 else i for i, n in own)
        value = _element(node.raw, place)
        if node.op is None or node.op.scalar is None:
            return f"{number_text(value)} is {node.label!r}" if node.label else ""
        values = [_element(np.broadcast_to(raw(x), node.shape), place) for x in node.operands]
        passed = zip(node.operands, values, strict=True)
        same = [x for x, number in passed if isinstance(x, Node) and number == value]
        if not same:
            return f"{number_text(value)} = {_written(node, values)}"
        node = same[0]


# --- the backward pass ------------------------------------------------------------------------


def _backward_error(step: Step) -> NonFiniteError | None:
    node, gradient = step.node, raw(step.gradient)
    place = _first_fault(gradient)
    if place is not None:
        total = f"{number_text(_element(gradient, place))}{_at(place)}"
        message = f"the contributions to the gradient of {node_title(node)} add up to {total}"
        return _failure(message, node, place, (), -1, gradient)
    for i, contribution in enumerate(map(raw, step.sent)):
        place = None if contribution is None else _first_fault(contribution)
        if place is not None:
            return _contribution_error(node, gradient, i, contribution, place)
    return None


def _contribution_error(
    node: Node, gradient: Number, i: int, contribution: Number, place: Place
) -> NonFiniteError:
    """`gradient` reached `node` soundly, and what it sends to its operand `i` is not finite."""
    assert node.op is not None
    values: tuple[Number, ...] = tuple(map(raw, node.operands))
    out, local = node.raw, None
    if node.op.scalar is not None and np.shape(contribution) == node.shape:
        with np.errstate(all="ignore"):
            slopes = vjp(node, np.ones_like(gradient)[()] if node.shape else 1.0)[i]
        local, gradient, out = (_element(x, place) for x in (slopes, gradient, out))
        values = tuple(_element(np.broadcast_to(x, node.shape), place) for x in values)
    operands = tuple(map(number_symbol, values))
    g, result = number_symbol(gradient), number_symbol(out)
    rule = formula(node.op, i, operands, g=g, out=result, params=node.params).text
    sent = f"{number_text(_element(contribution, place))} = {rule}"
    message = (
        f"{node.op.name} sends {sent} to the gradient of its operand {i}, "
        f"{node_title(node.operands[i])}, in the backward pass{_at(place)}"
    )
    if local is not None:
        upstream = number_text(gradient)
        message += f" (upstream gradient {upstream}, local derivative {number_text(local)})"
    return _failure(message, node, place, values, i, gradient, local)


# --- in words ---------------------------------------------------------------------------------


def _failure(
    message: str, node: Node, place: Place, operands: tuple[Number, ...], *more: Any
) -> NonFiniteError:
    """The error, with what to write instead, and the source line where it is known."""
    given_nan = any(np.any(np.isnan(x)) for x in operands)
    remedy = node.op.remedy if node.op and not given_nan else ""
    message += (f"; {remedy}" if remedy else "") + (f" ({node.line})" if node.line else "")
    return NonFiniteError(message, node, place, operands, *more)


def _element(numbers: Number, place: Place) -> float:
    return float(np.asarray(numbers)[place])


def _at(place: Place) -> str:
    return f" at element [{', '.join(map(str, place))}]" if place else ""


def _written(node: Node, values: Sequence[Number]) -> str:
    """The operation of `node` on these numbers."""
    assert node.op is not None
    return write(node.op, *map(number_symbol, values)).text
