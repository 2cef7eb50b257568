"""A subject's graph on a tape: its outputs at many points at once, where that is the same thing."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import TABLE, Node, Observer, observing, toposort
from autograd.tape import Tape
from autograd.tape.layout import is_scalar
from autograd.testing.subject import Call, Subject

LARGE = 200  # nodes, from which on a tape pays


class Escapes(Observer):
    """Notes the nodes whose numbers are read."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def escaped(self, node: Node, how: str, result: object, *args: object) -> None:
        self.nodes.append(node)


class Replay:
    """The graph of a call, for other numbers of the inputs that it uses."""

    def __init__(self, call: Call) -> None:
        used = set(toposort(call.output))
        self.names = {leaf: name for name, leaf in call.leaves.items() if leaf in used}
        self.tape = Tape(parts(call.output), list(self.names))
        self.shape = call.output.shape

    def __contains__(self, name: str) -> bool:
        return name in self.names.values()

    def __call__(self, numbers: dict[str, Any]) -> np.ndarray:
        """The outputs, one for each row of `numbers`."""
        rows = self.tape.value(*[numbers[name] for name in self.names.values()])
        return np.stack(rows, axis=-1).reshape(-1, *self.shape)


def replay_of(subject: Subject, call: Call, moved: dict[str, Any]) -> Replay | None:
    """A replay of `call`, if it is as good as calling the subject again, and quicker.

    Quicker it is for a large graph of Values. It is as good if with all numbers `moved` the subject
    records the same operations on the same constants, with no number read on the way; and if the
    replay makes of those numbers what the subject does.
    """
    nodes = toposort(*parts(call.output))
    if len(nodes) < LARGE or not is_scalar(nodes):
        return None
    escapes = Escapes()
    try:
        with observing(escapes), subject.at(moved) as again:
            if escapes.nodes or written(again) != written(call):
                return None
            replay = Replay(call)
            both = {name: np.stack([x, moved[name]]) for name, x in subject.numbers.items()}
            outputs = np.stack([call.output._data, again.output._data])
            rounding = 1e-12 * np.abs(outputs).max()
            return replay if np.allclose(replay(both), outputs, 1e-9, rounding) else None
    except (ArithmeticError, ValueError):  # outside the domain
        return None


def parts(output: Node) -> list[Any]:
    """The nodes that were `joined` to make it."""
    joined = output.op is TABLE["concatenate"]
    rows = output.operands if joined else [output]
    return [row.operands[0] if joined and row.op is TABLE["reshape"] else row for row in rows]


def written(call: Call) -> list[Any]:
    """The graph as a list of operations; operands are an input's name, a place or a constant."""
    places: dict[Any, Any] = {leaf: name for name, leaf in call.leaves.items()}
    operations: list[Any] = []
    for node in toposort(*parts(call.output)):
        if node.op is None:
            places.setdefault(node, node._data)
        else:
            places[node] = (len(operations),)
            operations.append((node.op, node.params, [places.get(x, x) for x in node.operands]))
    return operations
