"""`check_derivation`: a learner's own gradient, judged."""

import ast
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import autograd
from autograd import Node, grad, matmul, recompute, steps, sum_to, toposort, transpose
from autograd.arithmetic.expressions import FUNCTIONS, read
from autograd.viz.lines import gradient_symbol, names, number_symbol
from autograd.viz.tell.mistakes import Mistake, Mistakes
from autograd.viz.text import Number, escape_html

MORE: dict[str, Callable[..., Any]] = {"matmul": matmul, "sum": autograd.sum}
CALLABLE = FUNCTIONS | MORE | {"transpose": transpose}

EXACT = 1e-9  # the relative error of a formula's floating-point arithmetic
COARSEST = 0.005  # no answer counts as exact within more than this relative error
LARGEST = 0.05  # and none as rounded on the way
ROUNDING = (2, 3, 4, 5, 6)  # to how many significant digits people round on the way
MOST_READINGS = 64
LUCKY = "with these numbers, but not with others"
ROUNDED = "right, but numbers were rounded on the way"


@dataclass(frozen=True, repr=False)
class Judgement:
    """How an answer was judged.

    `kind` is "right", "early rounding", the name of a mistake, or "unknown"; `given` and `expected`
    are the two gradients.
    """

    kind: str
    message: str
    given: Number
    expected: Number

    @property
    def right(self) -> bool:
        """Whether the derivation is right, early rounding forgiven."""
        return self.kind in ("right", "early rounding")

    def __str__(self) -> str:
        return self.message

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = "#2f9e5c" if self.right else "#d9691e"
        return (
            f'<div style="border-left:4px solid {colour};padding:.3em .9em">'
            f"{escape_html(self.message)}</div>"
        )


def check_derivation(
    node: Node, answer: ArrayLike, *, root: Node, update: float | None = None
) -> Judgement:
    """Judge a hand-derived gradient: right, right up to rounding, or which mistake explains it.

    Each mistake is made in the graph, and what comes of it is compared with the answer: wrong sign,
    missing factor of the chain, upstream forgotten, wrong local derivative (of another function, or
    at another place), sum over consumers forgotten, already-updated weight used, transposed, off by
    the batch mean.

    Args:
        node: for what `root`, a single number, was differentiated.
        answer: a number or array, or text: a number, or a formula of numbers, the graph's labels,
            `+ - * / **` and the table's functions. It counts as precise as it is written.
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
    return Judge(node, answer, root, update).judgement()


class Judge:
    """One answer, beside the graph that it should come from."""

    def __init__(self, node: Node, answer: ArrayLike, root: Node, update: float | None) -> None:
        self.node, self.answer, self.root, self.update = node, answer, root, update
        self.named = names(toposort(root, node))
        self.labels = {name: x.raw for x, name in self.named.items()}
        with np.errstate(all="ignore"):
            number, self.precision = _read(answer, self.labels)
        self.mistakes = Mistakes(node, root, update)
        self.made: list[Mistake] = []  # those that do not give the answer
        self.expected = self.mistakes.gradient
        self.given = self.gradient_in(number)
        self.noise = 0.0
        if update is not None:  # `node` swallows the last digits of a gradient that is added to it
            eps = float(np.finfo(node.precision).eps)
            noise = 4 * eps * float(np.max(np.abs(node.raw), initial=0.0))
            self.precision = (self.precision + noise) / abs(update)
            self.noise = noise / abs(update)

    def gradient_in(self, number: Number) -> Number:
        """The gradient that an answer means: itself, or what the update subtracted."""
        if self.update is None or np.shape(number) != self.node.shape:
            return number
        return (self.node.raw - number) / self.update

    def judgement(self) -> Judgement:
        given, expected = self.given, self.expected
        if np.shape(given) != self.node.shape:
            return self.as_told(*_of_another_shape(given, expected, self.precision))
        if _agree(given, expected, self.precision, self.noise):
            general = self.update is not None or self.holds_elsewhere()
            return self.as_told("right", "" if general else LUCKY)
        with np.errstate(all="ignore"):
            explained = self.mistaken() or self.rounded()
        return explained or self.as_told("unknown", "no known mistake gives this")

    def as_told(self, kind: str, remark: str = "") -> Judgement:
        own = gradient_symbol(self.named[self.root], self.named[self.node]).text
        told = f"{kind}: {remark}; " if remark else f"{kind}: "
        told += f"{own} = {number_symbol(self.expected).text}"
        if kind != "right":
            told += f", got {number_symbol(self.given).text}"
        if self.update is not None:
            new = self.node.raw - self.update * self.expected
            told += f" (new {self.named[self.node]} = {number_symbol(new).text})"
        return Judgement(kind, told, self.given, self.expected)

    def mistaken(self) -> Judgement | None:
        """The first mistake that gives the answer."""
        for mistake in self.mistakes:
            if _agree(self.given, mistake.gradient, self.precision):
                return self.as_told(mistake.kind, mistake.remark)
            self.made.append(mistake)
        return None

    def rounded(self) -> Judgement | None:
        """The right answer, or a mistake, with numbers that were rounded on the way."""
        recorded = grad(self.root, self.node, create_graph=True)
        for reading in self.unrounded(recorded):
            if _agree(reading, self.expected, 0.0):
                return self.as_told("early rounding", ROUNDED)
            for mistake in self.made:
                if _agree(reading, mistake.gradient, 0.0):
                    remark = f"{mistake.remark} (and numbers were rounded)"
                    return self.as_told(mistake.kind, remark)
        low, high = _rounding_errors(recorded)
        error = self.given - self.expected
        if np.all((low - self.precision <= error) & (error <= high + self.precision)):
            return self.as_told("early rounding", ROUNDED)
        return None

    def holds_elsewhere(self) -> bool:
        """Whether a formula that is right gives the gradient with other numbers in the leaves."""
        if not isinstance(self.answer, str):
            return True
        words = {x.id for x in ast.walk(ast.parse(self.answer.strip())) if isinstance(x, ast.Name)}
        if not words & set(self.named.values()):  # numbers alone are no formula
            return True
        leaves = (x for x in self.named if x.op is None)
        values = {x: x.raw * (1 + 0.1 / i) + 0.01 for i, x in enumerate(leaves, start=1)}
        with np.errstate(all="ignore"):
            gradient = recompute(grad(self.root, self.node, create_graph=True), values)
            for x in (self.root, self.node):
                recompute(x, values)
            given = read(self.answer, {name: values[x] for x, name in self.named.items()}, CALLABLE)
        slack = np.max(np.abs(gradient)) / 1e6
        return _agree(given, gradient, slack) or not np.all(np.isfinite(gradient))

    def unrounded(self, recorded: Node) -> Iterator[Number]:
        """What a formula gives if its numbers are the roundings of numbers of the graphs."""
        if not isinstance(self.answer, str) or "\n" in self.answer.strip():
            return
        text = self.answer.strip().encode()
        graph = toposort(recorded, self.root)
        exact = {abs(np.asarray(x.raw).item()) for x in graph if x.size == 1}
        options: list[list[float]] = []
        parts = ast.walk(ast.parse(text, mode="eval"))
        constants = [x for x in parts if isinstance(x, ast.Constant)]
        for place in sorted(constants, key=lambda x: -x.col_offset):  # what stands before stays
            digits = text[place.col_offset : place.end_col_offset].decode()
            number, step = float(digits), _half_a_unit(digits.replace("_", ""))
            if 0 < step < LARGEST * abs(number):
                near = sorted(x for x in exact if 0 < abs(x - number) <= step * (1 + EXACT))
                name = f"number{len(options)}"
                text = text[: place.col_offset] + name.encode() + text[place.end_col_offset :]
                options.append([number, *near])
        for numbers in islice(product(*options), 1, MOST_READINGS):
            put_in = {f"number{i}": number for i, number in enumerate(numbers)}
            yield self.gradient_in(read(text.decode(), self.labels | put_in, CALLABLE))


def _read(answer: ArrayLike, labels: dict[str, Number]) -> tuple[Number, float]:
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


def _agree(given: Number, gradient: Number, precision: float, noise: float = 0.0) -> bool:
    """Whether an answer is this gradient, as far as its digits go."""
    if np.shape(given) != np.shape(gradient) or not np.all(np.isfinite(gradient)):
        return False
    size = float(np.max(np.abs(gradient), initial=0.0))
    tolerance = max(min(precision, COARSEST * size), EXACT * size, noise)
    return bool(np.all(np.abs(given - gradient) <= tolerance))


def _of_another_shape(given: Number, expected: Number, precision: float) -> tuple[str, str]:
    if np.ndim(given) == 2 and _agree(np.transpose(given), expected, precision):
        return "transposed", "rows and columns are exchanged"
    with suppress(ValueError):  # of shapes that don't broadcast
        if _agree(sum_to(given, shape=np.shape(expected)), expected, precision * np.size(given)):
            return "sum over consumers forgotten", "add up over the axes that were broadcast"
    return "unknown", f"the gradient has the shape {np.shape(expected)}, not {np.shape(given)}"


def _rounding_errors(recorded: Node) -> tuple[float, float]:
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
            x, sensitivity = (np.asarray(n).item() for n in (step.node.raw, step.gradient))
            moves = [sensitivity * (float(f"{x:.{n}g}") - x) for n in ROUNDING]
            low, high = low + min(0.0, *moves), high + max(0.0, *moves)
    return max(low, -LARGEST * size), min(high, LARGEST * size)
