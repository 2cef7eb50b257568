"""An observer that lists what it hears."""

from __future__ import annotations

from autograd import Node, Observer, Step


class Heard(Observer):
    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def recorded(self, node: Node) -> None:
        self.nodes.append(node)

    def stepped(self, step: Step) -> None:
        self.nodes.append(step.node)
