"""`check_derivation`: a learner's own gradient, judged."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, product
from typing import Any

import numpy as np

from autograd.arithmetic.expressions import FUNCTIONS, read
from autograd.core.gradients import grad
from autograd.core.node import Node
from autograd.core.walk import evaluate, grad, steps, toposort
from autograd.table.primitives import TABLE
from autograd.viz.lines import gradient_symbol, names, number_symbol
from autograd.viz.tell.mistakes import Mistakes

CALLABLE = FUNCTIONS | {name: TABLE[name] for name in ("matmul", "transpose", "sum")}

EXACT = 1e-9  # the relative error of a formula's floating-point arithmetic
COARSEST = 0.005  # no answer counts as exact within more than this relative error
LARGEST = 0.05  # and none as rounded on the way
ROUNDING = (2, 3, 4, 5, 6)  # to how many significant digits people round on the way
MOST_READINGS = 64
ROUNDED = "right, but numbers were rounded on the way"


@dataclass(frozen=True, repr=False)
class Verdict:
    """How an answer was judged.

    `kind` is "right", "early rounding", the name of a mistake, or "unknown"; `given` and `expected`
    are the two gradients.
    """

    kind: str
    message: str
    given: Any
    expected: Any

    @property
    def right(self) -> bool:
        """Whether the derivation is right, early rounding forgiven."""
        return self.kind in ("right", "early rounding")

    def __str__(self) -> str:
        return self.message

    __repr__ = __str__


def check_derivation(
    node: Node, answer: Any, *, root: Node, update: float | None = None
) -> Verdict:
    """Judge a hand-derived gradient: right, right up to rounding, or which mistake explains it.

    The mistakes are not looked up: each is made in the graph, and what comes of it is compared with
    the answer. They are: wrong sign, missing factor of the chain, upstream forgotten, wrong local
    derivative (of another function, or at another place), sum over consumers forgotten,
    already-updated weight used, transposed, off by the batch mean.

    Args:
        node: for what `root` was differentiated.
        answer: a number or array, or text: a number, or a formula of numbers, the graph's labels,
            `+ - * / **` and the table's functions. It counts as precise as it is written.
        root: what was differentiated, a single number.
        update: a learning rate; the answer is then the new number, `node − update × gradient`.

    Raises:
        ExpressionError: the text is no such formula.
        ValueError: `root` is not a single number, or `update` is 0.

    >>> from autograd import Value
    >>> w, x = Value(0.5, label="w"), Value(3.0, label="x")
    >>> E = (w * x).sin()
    >>> check_derivation(w, "cos(w * x) * x", root=E)
    right: ∂v2/∂w = 0.212212
    >>> check_derivation(w, "0.0707", root=E)
    missing factor of the chain: the factor x is not there; ∂v2/∂w = 0.212212, got 0.0707
    >>> check_derivation(w, "-cos(w * x) * x", root=E).kind
    'wrong sign'
    >>> check_derivation(w, "0.3", root=E).kind
    'unknown'
    """
    if update == 0:
        raise ValueError("update must be a learning rate other than 0, got 0; leave it out")
    named = names(toposort(root, node))
    own = gradient_symbol(named[root], named[node]).text
    labels = {name: x.raw for x, name in named.items()}
    with np.errstate(all="ignore"):
        number, precision = _read(answer, labels)
    mistakes = Mistakes(node, root, update)
    expected = mistakes.gradient

    def gradient_in(number: Any) -> Any:
        if update is None or np.shape(number) != node.shape:
            return number
        return (node.raw - number) / update

    given, noise = gradient_in(number), 0.0
    if update is not None:  # `node` swallows the last digits of a gradient that is added to it
        noise = 4 * np.finfo(float).eps * float(np.max(np.abs(node.raw), initial=0.0))
        precision, noise = (precision + noise) / abs(update), noise / abs(update)

    def verdict(kind: str, remark: str = "") -> Verdict:
        told = f"{kind}: {remark}; " if remark else f"{kind}: "
        told += f"{own} = {number_symbol(expected).text}"
        if kind != "right":
            told += f", got {number_symbol(given).text}"
        if update is not None:
            told += f" (new {named[node]} = {number_symbol(node.raw - update * expected).text})"
        return Verdict(kind, told, given, expected)

    if np.shape(given) != node.shape:
        return verdict(*_of_another_shape(given, expected, precision))
    if _agree(given, expected, precision, noise):
        general = update is not None or _holds_elsewhere(answer, node, root, named)
        return verdict("right", "" if general else "with these numbers, but not with others")
    with np.errstate(all="ignore"):
        made = []
        for mistake in mistakes:
            if _agree(given, mistake.gradient, precision):
                return verdict(mistake.kind, mistake.remark)
            made.append(mistake)
        recorded = grad(root, node, create_graph=True)
        for reading in map(gradient_in, _unrounded(answer, labels, recorded, root)):
            if _agree(reading, expected, 0.0):
                return verdict("early rounding", ROUNDED)
            for mistake in made:
                if _agree(reading, mistake.gradient, 0.0):
                    return verdict(mistake.kind, f"{mistake.remark} (and numbers were rounded)")
        low, high = _rounding_errors(recorded)
    error = given - expected
    if np.all((low - precision <= error) & (error <= high + precision)):
        return verdict("early rounding", ROUNDED)
    return verdict("unknown", "no known mistake gives this")


def _read(answer: Any, labels: dict[str, Any]) -> tuple[Any, float]:
    """The answer's number, and half a unit of the last digit it was written with."""
    if isinstance(answer, str):
        number = read(answer, labels, CALLABLE)
        text = answer.strip().removeprefix("-").removeprefix("+").strip()
        literal = isinstance(ast.parse(text, mode="eval").body, ast.Constant)
        return number, _half_a_unit(text.replace("_", "")) if literal else 0.0
    number = np.asarray(answer, float)
    precision = min((_half_a_unit(repr(float(x))) for x in number.flat), default=0.0)
    return (number if number.ndim else float(number)), precision


def _half_a_unit(text: str) -> float:
    exponent = Decimal(text).as_tuple().exponent
    return 0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0


def _holds_elsewhere(answer: Any, node: Node, root: Node, named: dict[Node, str]) -> bool:
    """Whether a formula that is right gives the gradient with other numbers in the leaves, too."""
    if not isinstance(answer, str):
        return True
    words = {x.id for x in ast.walk(ast.parse(answer.strip())) if isinstance(x, ast.Name)}
    if not words & set(named.values()):  # numbers alone are no formula
        return True
    leaves = (x for x in named if x.op is None)
    values = {x: x.raw * (1 + 0.1 / i) + 0.01 for i, x in enumerate(leaves, start=1)}
    with np.errstate(all="ignore"):
        gradient = recompute(grad(root, node, create_graph=True), values)
        for x in (root, node):
            recompute(x, values)
        given = read(answer, {name: values[x] for x, name in named.items()}, CALLABLE)
    slack = np.max(np.abs(gradient)) / 1e6
    return _agree(given, gradient, slack) or not np.all(np.isfinite(gradient))


def _unrounded(answer: Any, labels: dict[str, Any], *graphs: Node) -> Iterator[Any]:
    """What a formula gives if its numbers are the roundings of numbers of these graphs."""
    if not isinstance(answer, str) or "\n" in answer.strip():
        return
    text = answer.strip().encode()
    exact = {abs(np.asarray(x.raw).item()) for x in toposort(*graphs) if x.size == 1}
    options: list[list[float]] = []
    constants = [x for x in ast.walk(ast.parse(text, mode="eval")) if isinstance(x, ast.Constant)]
    for place in sorted(constants, key=lambda x: -x.col_offset):  # what stands before stays there
        digits = text[place.col_offset : place.end_col_offset].decode()
        number, step = float(digits), _half_a_unit(digits.replace("_", ""))
        if 0 < step < LARGEST * abs(number):
            near = sorted(x for x in exact if 0 < abs(x - number) <= step * (1 + EXACT))
            name = f"number{len(options)}"
            text = text[: place.col_offset] + name.encode() + text[place.end_col_offset :]
            options.append([number, *near])
    for numbers in islice(product(*options), 1, MOST_READINGS):
        put_in = {f"number{i}": number for i, number in enumerate(numbers)}
        yield read(text.decode(), labels | put_in, CALLABLE)


def _agree(given: Any, gradient: Any, precision: float, noise: float = 0.0) -> bool:
    """Whether an answer is this gradient, as far as its digits go."""
    if np.shape(given) != np.shape(gradient) or not np.all(np.isfinite(gradient)):
        return False
    size = float(np.max(np.abs(gradient), initial=0.0))
    tolerance = max(min(precision, COARSEST * size), EXACT * size, noise)
    return bool(np.all(np.abs(given - gradient) <= tolerance))


def _of_another_shape(given: Any, expected: Any, precision: float) -> tuple[str, str]:
    if np.ndim(given) == 2 and _agree(given.T, expected, precision):
        return "transposed", "rows and columns are exchanged"
    try:
        summed = TABLE["sum_to"](given, shape=np.shape(expected))
    except ValueError:
        summed = None
    if summed is not None and _agree(summed, expected, precision * np.size(given)):
        return "sum over consumers forgotten", "add up over the axes that were broadcast"
    return "unknown", f"the gradient has the shape {np.shape(expected)}, not {np.shape(given)}"


def _rounding_errors(recorded: Node) -> tuple[Any, Any]:
    """How far a gradient moves at most, down and up, if the numbers on the way are rounded.

    To first order: the gradient's own gradient for every number on the way, times the error that
    rounding this number makes. Arrays are forgiven half a percent of their largest element.
    """
    size = float(np.max(np.abs(recorded.raw), initial=0.0))
    if recorded.size > 1:
        return -COARSEST * size, COARSEST * size
    low = high = 0.0
    for step in steps(recorded):
        if step.node.op is not None and step.node.size == 1 and step.node is not recorded:
            x, sensitivity = (
                np.asarray(number).item() for number in (step.node.raw, step.gradient)
            )
            moves = [sensitivity * (float(f"{x:.{n}g}") - x) for n in ROUNDING]
            low, high = low + min(0.0, *moves), high + max(0.0, *moves)
    return max(low, -LARGEST * size), min(high, LARGEST * size)
