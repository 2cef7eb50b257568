"""Hypothesis strategies: Values, Tensors, operands of a primitive, whole graphs and networks.

A graph is drawn as flat lists of small independent integers and decoded (see `decode`); what the
output does not need is dead code and goes away by itself. Lists of this kind shrink well, so that a
failing example has a node or two.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st
from numpy.typing import DTypeLike

import autograd
from autograd import (
    Node,
    Primitive,
    Tensor,
    Value,
    recompute,
    stop_gradient,
    subgradient,
    toposort,
)
from autograd.core.node import raw
from autograd.core.primitive import ANY
from autograd.testing.listing import literal, program, reproduction
from autograd.testing.regular import regular
from autograd.viz import draw

# What leaves are made of, the simplest first (one in which arrays can go wrong); None is a Value.
SHAPES = ((2,), None, (), (3,), (2, 3), (2, 1), (1, 3), (3, 3), (2, 2, 3), (0,), (0, 3))
NUMBERS = (1.0, 2.0, 0.5, 1.5, 0.75, 1.25, -1.0, -0.5, -2.0, -1.5, -0.25, -0.75)
SCALES = (1.0, 1.0, 1.0, 1.0, 1e-6, 1e6)  # of a leaf's numbers
LARGEST = 1e9
Codes = Sequence[tuple[int, ...]]
APART = (stop_gradient, subgradient)  # their gradients are no derivatives


def values(low: float = -2.0, high: float = 2.0) -> st.SearchStrategy[Value]:
    """Values between `low` and `high`.

    >>> from hypothesis import find
    >>> find(values(), lambda v: v.data >= 1)
    Value(1.0)
    """
    return st.floats(low, high, allow_subnormal=False).map(Value)


def tensors(
    shape: tuple[int, ...] | st.SearchStrategy[tuple[int, ...]] | None = None,
    low: float = -2.0,
    high: float = 2.0,
    dtype: DTypeLike = np.float64,
    *,
    elements: st.SearchStrategy[float] | None = None,
    fill: st.SearchStrategy[float] | None = None,
    unique: bool = False,
) -> st.SearchStrategy[Tensor]:
    """Tensors of `shape` (or of a shape drawn from it; None: any) with elements in [low, high].

    `elements`, `fill` and `unique` are those of `hypothesis.extra.numpy.arrays`.

    >>> from hypothesis import find
    >>> find(tensors(shape=(2,)), lambda t: t.data.sum() >= 1)
    Tensor([0., 1.])
    >>> find(tensors((2,), elements=st.sampled_from([1.0, 2.0]), unique=True), lambda t: True)
    Tensor([1., 2.])
    """
    if shape is None:
        shape = numpy_st.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    width: Any = 8 * np.dtype(dtype).itemsize  # a bound must be a number of the dtype
    low, high = np.array([low, high], dtype).tolist()
    if elements is None:
        elements = st.floats(low, high, width=width, allow_subnormal=False)
    drawn = numpy_st.arrays(dtype, shape, elements=elements, fill=fill, unique=unique)
    return drawn.map(Tensor)


def register() -> None:
    """What `st.from_type` draws for Values and Tensors, and how Tensors that fail are printed.

    Hypothesis calls this by itself.

    >>> from hypothesis import find
    >>> find(st.from_type(Value), lambda v: True)
    Value(0.0)
    """
    st.register_type_strategy(Value, values())
    st.register_type_strategy(Tensor, tensors())
    Tensor._repr_pretty_ = _shown  # type: ignore[attr-defined] # the only way that it asks for


def _shown(tensor: Tensor, printer: Any, cycle: bool) -> None:
    """As Hypothesis prints a Tensor that fails: Python that makes the same numbers, all digits."""
    by_hypothesis = type(printer).__module__.startswith("hypothesis.")
    printer.text(literal(tensor) if by_hypothesis else repr(tensor))


class Operands(NamedTuple):
    """What a primitive can be called with: `primitive(*operands, **params)`."""

    operands: tuple[Any, ...]
    params: dict[str, Any]


@st.composite
def operands_for(draw: st.DrawFn, primitive: Primitive) -> Operands:
    """Operands and parameters for a row of the table, inside its domain.

    Elementwise rows get Values, or Tensors whose shapes broadcast; other rows the shapes of their
    test cases. Zeros, ties, axes of size 1 and (elementwise) of size 0 are among them.

    >>> from hypothesis import find
    >>> find(operands_for(autograd.mul), lambda call: True).operands
    (Value(0.0), Value(0.0))
    """
    params = draw(st.sampled_from([params for _, params in primitive.cases] or [{}]))
    scalars = False
    if primitive.scalar is None:
        shapes = draw(st.sampled_from([s for s, p in primitive.cases if p is params]))
    else:
        count = draw(st.integers(2, 3)) if primitive.variadic else len(primitive.vjps)
        scalars = not draw(st.booleans())
        drawn = numpy_st.mutually_broadcastable_shapes(
            num_shapes=count, min_side=0, max_side=3, max_dims=3
        )
        shapes = ((),) * count if scalars else draw(drawn).input_shapes
    intervals = _intervals(primitive, len(shapes))
    operands = tuple(
        draw(values(*interval) if scalars else tensors(shape, *interval))
        for shape, interval in zip(shapes, intervals, strict=True)
    )
    if primitive.regular:
        first: Any = operands[0]
        matrices = Tensor(regular(first.data, intervals[0][1]), first.label)
        operands = (matrices, *operands[1:])
    return Operands(operands, dict(params))


def _intervals(primitive: Primitive, count: int) -> list[tuple[float, float]]:
    """The domain of each operand: what a variadic row says once holds for all of them."""
    domain = primitive.domain
    return [domain[min(i, len(domain) - 1)] for i in range(count)]


class Expression:
    """A drawn graph: its `output`, and the leaves (`inputs`) that it was made from.

    Calling it on other inputs runs the same computation on them; `str()` is the graph as Python.
    """

    def __init__(self, output: Node[Any]) -> None:
        self.output = output
        self.inputs = tuple(node for node in toposort(output) if node.op is None)

    def __call__(self, *inputs: Any) -> Any:
        """The same computation on other inputs: nodes, raw numbers, symbols."""
        return recompute(self.output, dict(zip(self.inputs, inputs, strict=True)))

    @property
    def nodes(self) -> int:
        """How many operations there are, leaves not counted."""
        return len(toposort(self.output)) - len(self.inputs)

    @property
    def dot(self) -> str:
        """The drawing, in Graphviz's language."""
        return draw(self.output).source

    def __str__(self) -> str:
        return program(self.output)

    def __repr__(self) -> str:
        return f"<Expression of {self.nodes} nodes>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What Hypothesis prints of a failing example: a program that reproduces the failure."""
        printer.text(f"{self!r}, checked by\n\n{reproduction(self.output)}\n")


def _small(largest: int) -> st.SearchStrategy[int]:
    return st.integers(0, largest)


@st.composite
def expressions(
    draw: st.DrawFn,
    *,
    primitives: Iterable[Primitive] | None = None,
    smooth: bool = False,
    scalar: bool = True,
    dtypes: Sequence[DTypeLike] = (np.float64, np.float32),
    max_size: int = 12,
) -> Expression:
    """Graphs of Values, Tensors and constants, with sharing, broadcasting and reductions.

    Among their leaves are empty ones, and numbers a million times as large or as small.

    A failing example is printed as a program that reproduces it.

    Args:
        primitives: the rows to use; None: all but `stop_gradient`, `subgradient`, whose gradients
            are no derivatives, and those that ask for regular matrices.
        smooth: leave out the rows with kinks and jumps.
        scalar: sum an output of several numbers, so that it can be differentiated without a seed.
        dtypes: what its Tensors are of, the simplest first.
        max_size: at most so many instructions.

    >>> from hypothesis import find
    >>> rows = [autograd.add, autograd.mul]
    >>> print(find(expressions(primitives=rows), lambda e: e.output.op is autograd.mul))
    import autograd
    from autograd import Tensor, Value
    a = Value(1.0, label='a')
    b = autograd.mul(a, a)
    """
    if primitives is None:
        rows = autograd.TABLE.values()
        primitives = (row for row in rows if row not in APART and not row.regular)
    chosen = tuple(row for row in primitives if not smooth or (any(row.vjps) and not row.kinks))
    several = tuple(row for row in chosen if row.variadic or len(row.vjps) > 1)
    chosen += 3 * several  # branches join
    leaf = st.tuples(
        _small(len(SHAPES) - 1), _small(11), _small(len(SCALES) - 1), _small(len(dtypes) - 1)
    )
    leaves = draw(st.lists(leaf, min_size=1, max_size=3))
    instruction = st.tuples(_small(len(chosen)), _small(3), _small(5), _small(7))
    size = draw(st.integers(1, max_size))
    instructions = draw(st.lists(instruction, min_size=size, max_size=size))
    return Expression(decode(leaves, instructions, chosen, scalar, dtypes))


def decode(
    leaves: Codes,
    instructions: Codes,
    rows: Sequence[Primitive],
    scalar: bool = True,
    dtypes: Sequence[DTypeLike] = (np.float64,),
) -> Node[Any]:
    """The graph that small integers stand for, every one of them taken modulo what there is.

    A leaf is (shape, first number, scale, dtype); an instruction (row, first, second and third
    operand counted back from the latest), the third also choosing the parameters. Row 0, and a row
    for which no operands fit, passes the first operand on: so references stay what they were when
    an instruction is shrunk away.
    """
    pool: list[Any] = [np.array([1.0, -0.5, 2.0]), 2.0]  # constants, the furthest back
    for label, (kind, start, *more) in zip("abc", leaves, strict=False):
        shape, (scale, dtype) = SHAPES[kind % len(SHAPES)], more or (0, 0)
        tensor = _tensor(label, shape or (), start, SCALES[scale % len(SCALES)], dtypes[dtype])
        pool.append(Value(tensor.item(), label) if shape is None else tensor)
    for row, *references in instructions:
        passed_on = pool[-1 - references[0] % len(pool)]
        if row == 0:
            pool.append(passed_on)
        else:
            primitive = rows[(row - 1) % len(rows)]
            pool.append(next(_calls(primitive, pool, references), passed_on))
    output = next(made for made in reversed(pool) if isinstance(made, Node))
    return autograd.sum(output) if scalar and output.size != 1 else output


def _tensor(
    label: str,
    shape: tuple[int, ...],
    start: int,
    scale: float = 1.0,
    dtype: DTypeLike = np.float64,
) -> Tensor:
    numbers = [scale * NUMBERS[(start + i) % len(NUMBERS)] for i in range(math.prod(shape))]
    return Tensor(np.reshape(np.array(numbers, dtype), shape), label)


def _calls(primitive: Primitive, pool: list[Any], references: list[int]) -> Iterator[Node[Any]]:
    """What `primitive` makes of the operands referred to, or of the next ones that fit."""
    first, second, third = references
    count = 2 + third % 2 if primitive.variadic else len(primitive.vjps)
    choices = list({repr(params): params for _, params in primitive.cases}.values()) or [{}]
    for shifts in product(range(len(pool)), repeat=min(count, 2)):
        moved = [r + s for r, s in zip((first, second), reversed(shifts), strict=False)] + [third]
        operands = [pool[-1 - r % len(pool)] for r in moved[:count]]
        if not _in_domain(primitive, operands):
            continue
        for i in range(len(choices)):
            try:
                with np.errstate(all="ignore"):
                    made = primitive(*operands, **choices[(third + i) % len(choices)])
            except (ValueError, IndexError, TypeError):  # shapes that do not fit
                continue
            if np.all(np.abs(made.raw) <= LARGEST):
                yield made


def _in_domain(primitive: Primitive, operands: list[Any]) -> bool:
    """Whether a node is among the operands, and each lies where the row is smooth."""
    numbers = list(map(raw, operands))
    return any(isinstance(x, Node) for x in operands) and all(
        interval == ANY or (np.all(x >= interval[0]) and np.all(x <= interval[1]))
        for x, interval in zip(numbers, _intervals(primitive, len(numbers)), strict=True)
    )


ACTIVATIONS = (autograd.tanh, autograd.sigmoid, autograd.softplus, autograd.sin, autograd.relu)


@st.composite
def networks(draw: st.DrawFn, *, smooth: bool = False, max_depth: int = 4) -> Expression:
    """Losses of small networks, made of autograd's functions alone.

    The inputs are the data `x` and the parameters (`W0`, `b0`, ...); a layer may use the weights of
    an earlier one again, transposed or not, add its own input to its output, or normalise its rows.
    The loss is a mean square, or cross-entropy.

    Args:
        smooth: leave relu out.
        max_depth: at most so many layers.

    >>> from hypothesis import find
    >>> network = find(networks(), lambda n: len(n.inputs) >= 3)
    >>> [leaf.label for leaf in network.inputs], network.output.shape
    (['x', 'W0', 'b0'], ())
    """
    count = len(ACTIVATIONS) - smooth
    layer = st.tuples(_small(2), _small(count - 1), _small(3), _small(2), _small(11))
    layers = draw(st.lists(layer, min_size=1, max_size=max_depth))
    return Expression(_network(layers, draw(_small(1))))


def _network(layers: Codes, loss: int) -> Node[Any]:
    """(width, activation, kind: plain | residual | normalised | both, tying, first number) each."""
    x = h = _tensor("x", (2, 3), 6)
    weights: list[Tensor] = []
    for i, (width, activation, kind, tying, start) in enumerate(layers):
        shape = (h.shape[-1], width + 1)
        tied = [w for w in weights if w.shape[0] == shape[0]]
        tied_back = [w.T for w in weights if w.shape[1] == shape[0]]
        again = {1: tied, 2: tied_back}.get(tying)
        if again:
            weight = again[0]
        else:
            weight = _tensor(f"W{i}", shape, start)
            weights.append(weight)
        bias = _tensor(f"b{i}", weight.shape[-1:], start + 5)
        out = ACTIVATIONS[activation](h @ weight + bias)
        if kind % 2 and out.shape == h.shape:
            out = out + h
        if kind >= 2:
            centred = out - out.mean(axis=-1, keepdims=True)
            out = centred / (out.var(axis=-1, keepdims=True) + 0.1).sqrt()
        h = out
    if loss:
        return autograd.neg(autograd.log_softmax(h)[:, 0].mean())
    return (h - x[:, :1]).square().mean()
