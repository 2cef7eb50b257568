"""A subject's graph on a tape: its outputs at many points, where that is the same as calling it."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from autograd import Node, Observer, concatenate, observing, reshape, toposort
from autograd.tape import Tape
from autograd.tape.scalar.layout import is_scalar
from autograd.testing.checker.calls import GraphCall
from autograd.testing.checker.subject import Number, Numbers

LARGE_SCALAR, LARGE = 200, 10  # nodes (of Values, or with Tensors) from which on a tape pays


class Recording(Protocol):
    """A function of nodes, as a subject."""

    numbers: Numbers

    def at(self, moved: Numbers) -> AbstractContextManager[GraphCall]: ...


class CallReplay:
    """The graph of a call, for other numbers of the inputs that it uses."""

    def __init__(self, call: GraphCall) -> None:
        output = call.output
        self.shape, self.scalar = output.shape, is_scalar(toposort(*parts(output)))
        used = set(toposort(output))
        self.names = {leaf: name for name, leaf in call.leaves.items() if leaf in used}
        self.tape = Tape(parts(output) if self.scalar else [output], [*self.names])

    def __contains__(self, name: str) -> bool:
        return name in self.names.values()

    def __call__(
        self, numbers: Numbers, name: str, others: Iterable[Number]
    ) -> Iterator[np.ndarray]:
        """The output for each of the `others` in place of the number under `name`.

        A graph of Values runs for all of them at once, along the batch axis of its tape.
        """
        for number in [list(others)] if self.scalar else others:
            given: dict[str, Any] = {**numbers, name: number}
            outputs = self.tape.value(*[given[name] for name in self.names.values()])
            if self.scalar:
                yield from np.transpose(outputs).reshape(-1, *self.shape)
            else:
                yield from map(np.asarray, outputs)


class Escapes(Observer):
    """Notes the nodes whose numbers are read."""

    def __init__(self) -> None:
        self.nodes: list[Node[Any]] = []

    def escaped(self, node: Node[Any], how: str, result: object, *args: object) -> None:
        self.nodes.append(node)


def replay_of(subject: Recording, call: GraphCall, moved: Numbers) -> CallReplay | None:
    """A replay of `call`, if it is as good as calling the subject again, and quicker.

    It is as good if with all numbers `moved` the subject records the same operations on the same
    constants, with no number read on the way; and if the replay makes of those numbers what the
    subject does.
    """
    nodes = toposort(*parts(call.output))
    if not call.leaves or len(nodes) < (LARGE_SCALAR if is_scalar(nodes) else LARGE):
        return None
    escapes = Escapes()
    try:
        with observing(escapes), subject.at(moved) as again:
            if escapes.nodes or operations_of(again) != operations_of(call):
                return None
            replay = CallReplay(call)
            for numbers, real in ((subject.numbers, call.output), (moved, again.output)):
                name = next(iter(numbers))
                (output,) = replay(numbers, name, [numbers[name]])
                rounding = 1e-12 * np.abs(real.raw).max(initial=0.0)
                if not np.allclose(output, real.raw, 1e-9, rounding):
                    return None
            return replay
    except Exception:  # outside the domain, or what calling it again will tell
        return None


def parts(output: Node[Any]) -> list[Any]:
    """The nodes that were `joined` to make it."""
    joined = output.op is concatenate and all(isinstance(x, Node) for x in output.operands)
    rows = output.operands if joined else [output]
    return [row.operands[0] if joined and row.op is reshape else row for row in rows]


def operations_of(call: GraphCall) -> list[Any]:
    """The graph as a list of operations; operands are an input's name, a place or a constant."""
    places: dict[Any, Any] = {leaf: name for name, leaf in call.leaves.items()}
    operations: list[Any] = []
    for node in toposort(call.output):
        if node.op is None:
            places.setdefault(node, comparable(node.raw))
        else:
            places[node] = (len(operations),)
            operands = [places[x] if isinstance(x, Node) else comparable(x) for x in node.operands]
            params = [comparable(x) for x in node.params.values()]
            operations.append((node.op, params, operands))
    return operations


def comparable(x: Any) -> Any:
    """Arrays as something that `==` compares as a whole."""
    if isinstance(x, tuple):
        return tuple(map(comparable, x))
    return (x.shape, x.dtype, x.tobytes()) if isinstance(x, np.ndarray) else x
