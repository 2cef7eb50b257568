"""The quick way of single numbers: recording and backprop where nothing special holds.

A program on single numbers records and walks a node every microsecond, so that each call and each
attribute counts. Almost always its operands are plain Values and numbers, and nobody observes. For
this case there are here

- a method for each operator, which makes its node at once (`quick`);
- a walk through the slots of the nodes, without a `Step` for each (`swept`).

Neither knows a derivative: their lines are *written by the table*, whose rows and rules run on a
`Source`, which writes down what it is told. So the step back through `x / y` is

    x.flow += g / y.raw
    y.flow += -g * node.raw / y.raw

Wherever something else comes (an array, an observer, `no_grad`, a division by zero, a NaN, a stale
leaf), nothing has happened yet, and all is done by the general way, which has the answer: see
`autograd.core.node` and `autograd.core.walk`. The numbers are the same to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from inspect import getmembers, isfunction
from operator import attrgetter
from threading import Lock
from typing import Any, TypeVar

import numpy as np

from autograd.arithmetic.operators import CALLS, Operators
from autograd.core.callers import GENERATED
from autograd.core.guesses import kinks
from autograd.core.node import EVERYDAY, NO_PARAMS, Node, current_mode, next_index, raw
from autograd.core.numbers import HOLDERS
from autograd.core.primitive import TABLE, Params, Primitive
from autograd.errors import StaleGraphError
from autograd.table import elementwise as e

C = TypeVar("C", bound=type)

# --- the table writes Python ------------------------------------------------------------------

SIGNS = {e.neg: "(-{})", e.add: "({} + {})", e.sub: "({} - {})", e.mul: "({} * {})"}
SIGNS |= {e.div: "({} / {})"}


class Source(Operators[Any]):
    """An expression of Python: rows called on it write themselves down.

    >>> g, out, x = map(Source, ("g", "out", "x"))
    >>> e.tanh.vjps[0](g, out, x)
    (g * (1.0 - (out * out)))
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def __primitive__(self, row: Primitive, operands: tuple[Any, ...], params: Params) -> Source:
        if row.scalar is None or params or TABLE.get(row.name) is not row:
            raise TypeError(f"{row.name} has no name by which a line of Python could call it")
        texts = [x.text if isinstance(x, Source) else repr(float(x)) for x in operands]
        return Source(
            SIGNS[row].format(*texts) if row in SIGNS else f"{row.name}({', '.join(texts)})"
        )


def compiled(source: str, **names: Any) -> Any:
    """The function `made` that `source` defines, in which the rows' names are their forwards."""
    space: dict[str, Any] = {name: row.scalar for name, row in TABLE.items() if row.scalar}
    space |= {"inf": math.inf, "nan": math.nan, "Value": HOLDERS[float], **names}
    exec(compile(source, GENERATED, "exec"), space)
    return space["made"]


# --- recording --------------------------------------------------------------------------------

UNARY = """
def made(self):
    mode = current_mode()
    if mode is not EVERYDAY and not mode.quiet:
        return general(self)
    try:
        raw = {forward}
    except (ArithmeticError, ValueError):
        return general(self)
"""

BINARY = """
def made(self, other):
    try:
        kind = other.__class__
        if kind is Value:
            y = other.raw
        elif kind is float:
            y = other
        elif kind is int:
            y = other = float(other)
        else:
            return general(self, other)
        mode = current_mode()
        if mode is not EVERYDAY and not mode.quiet:
            return general(self, other)
        raw = {forward}
    except (ArithmeticError, ValueError):
        return general(self, other)
"""

NODE = """
    node = new(Value)
    node.raw = raw
    node.index = next_index()
    node.op = row
    node.params = NO_PARAMS
    node.first = {first}
    node.second = {second}
    node.raw_grad = node.label = node.line = node.flow = node.many = None
    return node
"""


def quick(cls: C) -> C:
    """`cls` with a quick method for each operator; what it cannot do, the present one does."""
    for name, general in getmembers(cls, isfunction):
        row, order = CALLS.get(general, (None, ()))
        if row is None or row.scalar is None:
            continue
        forward = row(*[Source("self.raw" if x == "self" else "y") for x in order])
        first, second = (*order, "None")[:2]
        source = (UNARY if second == "None" else BINARY) + NODE
        method = compiled(
            source.format(forward=forward, first=first, second=second),
            **{"Value": cls, "general": general, "row": row, "new": object.__new__},
            **{"EVERYDAY": EVERYDAY, "NO_PARAMS": NO_PARAMS},
            **{"current_mode": current_mode, "next_index": next_index},
        )
        method.__name__, method.__doc__ = name, general.__doc__
        setattr(cls, name, method)
    return cls


# --- walking ----------------------------------------------------------------------------------

Step = Callable[[Any, float], None]  # of a node and its gradient: what it sends flows on

ONE = """
def made(node, g):
    x = node.first
    {both}
"""

TWO = """
def made(node, g):
    x, y = node.first, node.second
    if x.__class__ is not Value:
        {right}
    elif y.__class__ is not Value:
        {left}
    else:
        {both}
"""


def step_of(row: Primitive) -> Step:
    """The step back through `row`, which keeps it from now on."""
    row.step = _written(row) or by_rules
    return row.step


def _written(row: Primitive) -> Step | None:
    if row.variadic or row.params or len(row.vjps) > 2 or TABLE.get(row.name) is not row:
        return None

    def sent(*operands: str) -> str:
        """What reaches those operands that are nodes."""
        lines = []
        for x, rule in zip(operands, row.vjps, strict=True):
            if x.endswith(".raw") and rule is not None:
                flow = rule(*map(Source, ("g", "node.raw", *operands)))
                lines.append(f"{x[0]}.flow += {flow}")
        return "; ".join(lines) or "pass"

    if len(row.vjps) == 1:
        return compiled(ONE.format(both=sent("x.raw")))
    return compiled(
        TWO.format(left=sent("x.raw", "y"), right=sent("x", "y.raw"), both=sent("x.raw", "y.raw"))
    )


def by_rules(node: Any, g: float) -> None:
    """The step back through a row with parameters, of any number of operands, or of your own."""
    numbers = [x.raw if isinstance(x, Node) else x for x in node.operands]
    for x, rule in zip(node.operands, node.op.rules(node.operands), strict=True):
        if rule is not None and isinstance(x, Node):
            sent = rule(g, node.raw, *numbers, **node.params)
            if type(sent) is not float:
                raise TypeError(f"a rule of {node.op.name} made a {type(sent).__name__} of floats")
            x.flow += sent


def recorded(node: Any, g: Any, nothing: float) -> None:
    """The step back through any row, which is recorded."""
    operands, Value = node.operands, node.__class__
    for x, rule in zip(operands, node.op.rules(operands), strict=True):
        if rule is not None and x.__class__ is Value:
            sent = rule(g, node, *operands, **node.params)
            if sent.__class__ is not Value and sent.__class__ is not float:
                raise TypeError(f"a rule of {node.op.name} made a {type(sent).__name__} of Values")
            if kinks(sent):
                raise TypeError("a slope was chosen, which is to be marked as a guess")
            x.flow = sent if x.flow is nothing else x.flow + sent


_walking = Lock()  # a flow is that of one walk at a time
_by_index = attrgetter("index")


def swept(
    root: Any, seed: Any, inputs: Sequence[Any] | None, create_graph: bool
) -> dict[Any, Any] | None:
    """The gradients of `inputs`, as `pullback` gives them; without inputs every `.grad` is set.

    None where only the general way will do, as where another walk is under way: in another thread,
    or in this one, interrupted.
    """
    mode = current_mode()
    quick = (mode is EVERYDAY or mode.quiet) and (type(seed) is float or create_graph)
    if not quick or _walking.locked():
        return None
    with _walking:  # so that an interrupt at any time gives it back
        try:
            if create_graph:
                with np.errstate(all="ignore"):  # a NaN is reported once, by name
                    return gradients_of(root, seed, inputs, create_graph)
            return gradients_of(root, seed, inputs, create_graph)
        except Exception:  # whatever it is, the general way says it in the user's terms
            return None


def gradients_of(
    root: Any, seed: Any, inputs: Sequence[Any] | None, create_graph: bool
) -> dict[Any, Any] | None:
    for x in inputs or ():
        x.flow = None
    nothing = float("-0.0")  # an object of this walk's own; whatever is added to it stays the same
    results, leaves = reached(root, nothing)
    root.flow = seed
    for node in results:
        g = node.flow
        if g is not nothing:
            op = node.op
            if create_graph:
                recorded(node, g, nothing)
            else:
                (op.step or step_of(op))(node, g)
    ends = leaves if inputs is None else [x for x in inputs if x.flow is not None]
    gradients = {x: x.flow for x in ends if x.flow is not nothing}
    if create_graph:
        for node in results + leaves:
            node.flow = None  # so that it keeps no graph alive
    if any(raw(g) != raw(g) for g in gradients.values()):  # a NaN, which is to be warned of by name
        return None
    if inputs is not None:
        return gradients
    for node in results + leaves:
        if node.flow is not nothing:
            node.raw_grad = node.flow
    return {}


OTHERS = "not all of the graph are plain Values and numbers"


def reached(root: Any, nothing: float) -> tuple[list[Any], list[Any]]:
    """The results, latest first, and the leaves that `root` was made from; `nothing` flows there.

    Raises where not all are Values, or where a leaf is younger than what was made of it: stale.
    """
    Value = HOLDERS[float]
    results: list[Any] = []
    leaves: list[Any] = []
    if root.op is None:
        raise TypeError(OTHERS)
    stack = [root]

    def reach(x: Any) -> bool:
        if x.__class__ is Value and x.flow is not nothing:
            x.flow = nothing
            (leaves if x.op is None else stack).append(x)
        return x.__class__ is Value or x.__class__ is float

    while stack:  # (both operands are written out: a loop over two is a tuple a node)
        node = stack.pop()
        results.append(node)
        if node.many is not None:
            if not all(map(reach, node.many)):
                raise TypeError(OTHERS)
            continue
        x = node.first
        if x.__class__ is Value:
            if x.flow is not nothing:
                x.flow = nothing
                (leaves if x.op is None else stack).append(x)
        elif x.__class__ is not float:
            raise TypeError(OTHERS)
        x = node.second
        if x.__class__ is Value:
            if x.flow is not nothing:
                x.flow = nothing
                (leaves if x.op is None else stack).append(x)
        elif x.__class__ is not float and x is not None:
            raise TypeError(OTHERS)
    results.sort(key=_by_index, reverse=True)
    youngest = max(map(_by_index, leaves))
    if youngest > results[-1].index and any(
        isinstance(x, Node) and x.index > node.index for node in results for x in node.operands
    ):
        raise StaleGraphError("a leaf is younger than what was made of it")
    return results, leaves
