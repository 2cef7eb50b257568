"""`Tape`: a recorded graph, replayed on other numbers."""

import gc
import threading
from collections.abc import Sequence
from contextvars import Context
from functools import cached_property
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from autograd import TABLE, Node, Primitive, describe, div, grad, pow, recompute, toposort
from autograd.core.gradients import has_nan, settled_gradients
from autograd.core.modes import differentiating_once
from autograd.core.numbers import Array, constant
from autograd.tape.guards import Guards
from autograd.tape.profile import Profile
from autograd.tape.scalar.layout import is_scalar
from autograd.tape.scalar.run import ScalarReplay
from autograd.tape.tensor.run import TensorReplay

# Rows whose slope is infinite somewhere: of them a branch that is not taken may send a NaN.
SINGULAR: frozenset[Primitive | None] = frozenset(
    row
    for row in TABLE.values()
    if row.remedy and row.scalar and row.name not in ("add", "sub", "mul")
)


class Tape:
    """A recorded graph, to be replayed on other numbers without recording anything again.

    The gradient is recorded too (`create_graph=True` makes it a graph of the table's primitives),
    so a tape only ever runs forward. A graph of Values becomes wide NumPy operations on one flat
    array; a graph with Tensors runs in buffers that are allocated once.

    Args:
        output: a node, or a list of them. Gradients need one node that is a single number.
        inputs: the leaves whose numbers are given at each replay. Other leaves are read afresh.
        guards: what Python code saw of the graph's numbers while it was recorded.
        wrt: the leaves to differentiate for, where they are not the inputs: parameters, say.
        strict: whether inputs must take part in the graph.
        seed: a leaf to hold the gradient of the output; None: the constant 1.

    Raises:
        ValueError: an input is not a leaf of the graph, or is given twice.
        StaleGraphError: a leaf was assigned new data after the graph had used it.

    Values are eager ones to the last bit where sums are added up in the same order and only
    arithmetic is involved; elsewhere (NumPy's exp or tanh on arrays, matrix products) to rounding.

    Raw numbers and arrays that entered the graph are constants, frozen as they were when it was
    recorded: what is to change must be a leaf. `compile` records anew where they have changed.

    >>> from autograd import Value
    >>> a, b = Value(2.0), Value(-3.0)
    >>> tape = Tape(a * b + a, [a, b])
    >>> tape.value_and_grad()
    (-4.0, [-2.0, 2.0])
    >>> tape.value(1.0, 1.0)
    2.0
    >>> tape.value(np.array([1.0, 2.0]), 1.0)  # a leading axis: all rows at once
    array([2., 4.])
    """

    def __init__(
        self,
        output: Node | Sequence[Node],
        inputs: Sequence[Node],
        guards: Guards | None = None,
        *,
        wrt: Sequence[Node] | None = None,
        strict: bool = True,
        seed: Node | None = None,
    ) -> None:
        self._single = isinstance(output, Node)
        outputs = [output] if isinstance(output, Node) else list(output)
        self.inputs = list(inputs)
        self.wrt = self.inputs if wrt is None else list(wrt)
        self._guards = guards or None
        self._gradients = self._single and outputs[0].size == 1
        self._values = len(outputs)
        self._seed = seed
        self._output: Node | None = None  # kept where gradients may have to be settled
        self._lock = threading.Lock()
        collecting = gc.isenabled()
        gc.disable()  # a graph has no cyclic garbage, but many objects to search for it
        try:
            gradients: list[Node] = []
            if self._gradients:
                with differentiating_once():
                    gradients = grad(outputs[0], self.wrt, seed, create_graph=True)
            first = [*outputs, *(self._guards.watched() if self._guards else ())]
            self._first = len(first)
            nodes = toposort(*first, *gradients)
            self._check_inputs(nodes, strict)
            # Of what is differentiated: its gradients have been recorded after it.
            if self._gradients and any(
                _is_singular(x) for x in nodes if x.index <= outputs[0].index
            ):
                self._output = outputs[0]
            nodes += set(self.inputs).difference(nodes)
            replay = ScalarReplay if is_scalar(nodes) else TensorReplay
            self._replay = replay(nodes, [*first, *gradients], len(first), self.inputs)
        finally:
            if collecting:
                gc.enable()

    def _check_inputs(self, nodes: list[Node], strict: bool) -> None:
        if len(set(self.inputs)) < len(self.inputs):
            raise ValueError("the inputs of a tape must be different nodes; name each of them once")
        leaves = {node for node in nodes if node.op is None}
        for node in self.inputs:
            if not isinstance(node, Node):
                raise TypeError(f"inputs must be Values or Tensors, got {type(node).__name__}")
            if node.op is not None or (strict and node not in leaves):
                what = "a result" if node.op else "in another graph"
                raise ValueError(
                    f"an input of a tape must be a leaf of its graph, but {describe(node)} is "
                    f"{what}; list the nodes that the output was made from"
                )

    def value(self, *data: ArrayLike) -> Any:
        """The output for these numbers of the inputs (a list, for a list of outputs).

        Args:
            data: a number or array for each input, of its shape; or, for one or more of them, with
                one more axis in front: rows to be replayed at once. None at all: the inputs' own.

        Raises:
            TypeError: not as many as there are inputs, or something else than real numbers.
            ValueError: a shape does not fit.
            BranchError: a guard does not hold for these numbers.
        """
        results = _listed(self._run(data, everything=False)[: self._values])
        return results[0] if self._single else results

    @overload
    def value_and_grad(
        self, *data: ArrayLike, copy: bool = ..., joined: Literal[False] = ...
    ) -> tuple[float | Array, list[float | Array]]: ...
    @overload
    def value_and_grad(
        self, *data: ArrayLike, copy: bool = ..., joined: Literal[True]
    ) -> tuple[float | Array, Array]: ...
    @overload
    def value_and_grad(
        self, *data: ArrayLike, copy: bool = ..., joined: bool
    ) -> tuple[float | Array, list[float | Array] | Array]: ...
    def value_and_grad(
        self, *data: ArrayLike, copy: bool = True, joined: bool = False
    ) -> tuple[float | Array, list[float | Array] | Array]:
        """The output and its gradients for the inputs, or `wrt`, in order; otherwise as `value`.

        With `copy=False` arrays may be the tape's own buffers, which the next replay overwrites.
        With `joined` the gradients come in one array instead of a list: what thousands of Values
        are moved by (every node must be a single number).
        """
        if not self._gradients:
            raise ValueError(
                "a gradient is that of one output of a single number; make one of them, for "
                "example with .sum(), or use Tape(...).value"
            )
        results = self._run(data, True, copy)
        gradients = results[-len(self.wrt) :] if self.wrt else []
        parts = [gradients] if isinstance(gradients, np.ndarray) else gradients
        if self._output is not None and any(map(has_nan, parts)):
            gradients = self._run(data, True, copy, settling=True)[-len(self.wrt) :]
        value = _listed(results[:1])[0]
        return value, np.array(gradients, float) if joined else _listed(gradients)

    @cached_property
    def _settled(self) -> ScalarReplay | TensorReplay:
        """The same gradients, in which branches that are not taken send no NaN (see `settled`).

        Made from a graph recorded anew, as leaves may have other data since.
        """
        assert self._output is not None
        with np.errstate(all="ignore"):
            leaves = {node: node for node in toposort(self._output) if node.op is None}
            output = Context().run(recompute, self._output, leaves)
            gradients = Context().run(settled_gradients, output, self.wrt, self._seed)
        nodes = toposort(output, *gradients)
        nodes += set(self.inputs).difference(nodes)
        replay = ScalarReplay if is_scalar(nodes) else TensorReplay
        return replay(nodes, [output, *gradients], 1, self.inputs)

    def profile(self) -> Profile:
        """Time and bytes of each operation of one replay, the slowest first.

        >>> from autograd import Value
        >>> x = Value(2.0)
        >>> print(Tape(x * x, [x]).profile())  # doctest: +ELLIPSIS
        operation ...
        """
        with self._lock:
            return self._replay.profile()

    def _run(
        self,
        data: tuple[ArrayLike, ...],
        everything: bool,
        copy: bool = True,
        settling: bool = False,
    ) -> Any:
        numbers, rows = self._given(data) if data else (None, None)
        with self._lock:  # a replay has one set of buffers
            replay = self._settled if settling else self._replay
            if numbers is None or rows is None:
                results = replay(numbers, everything, copy)
            else:
                pairs = zip(numbers, self.inputs, strict=True)
                arrays = [np.broadcast_to(np.asarray(x), (rows, *node.shape)) for x, node in pairs]
                results = replay.rows(arrays, everything)
        if self._guards and not settling:
            watched = _listed(results[self._values : self._first])
            if rows is None:
                self._guards.check(watched)
            for row in range(rows or 0):
                self._guards.check([np.asarray(x)[row] for x in watched])
        return results

    def _given(self, data: tuple[Any, ...]) -> tuple[list[Any], int | None]:
        """The data as floats and arrays, and how many rows of them; None for plain numbers."""
        if len(data) != len(self.inputs):
            raise TypeError(
                f"a replay needs a number or an array for each of the {len(self.inputs)} inputs "
                f"(or none at all, to read their own), got {len(data)}"
            )
        rows, numbers = None, []
        for i, (given, node) in enumerate(zip(data, self.inputs, strict=True)):
            if type(given) is not float and not isinstance(given, Node):
                given = constant(given, node.precision, f"input {i}")
            numbers.append(given)
            shape = np.shape(given) if type(given) is not float else ()
            if shape == node.shape:
                continue
            if shape[1:] != node.shape or not shape or rows not in (None, shape[0]) or not shape[0]:
                raise ValueError(
                    f"input {i} has shape {node.shape}, got {shape}; give that shape, or rows "
                    f"of it with one more axis in front, as many for every input"
                )
            rows = shape[0]
        return numbers, rows


def _is_singular(node: Node) -> bool:
    """Whether its slope may be infinite or NaN for some numbers of its operands."""
    if node.op not in SINGULAR:
        return False
    second = node.operands[-1]
    if isinstance(second, Node) or node.op not in (pow, div):
        return True
    if node.op is pow:  # of a negative number only whole powers are any
        return not np.all((np.asarray(second) >= 1.0) & (np.floor(second) == second))
    return not np.all(np.isfinite(second) & (np.asarray(second) != 0.0))


def _listed(results: Any) -> list[Any]:
    """The results of a replay as a list: a scalar one leaves an array."""
    return results.tolist() if isinstance(results, np.ndarray) else results
