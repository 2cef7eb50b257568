"""What a page needs to compute both passes anew, after a number was edited, without Python."""

from __future__ import annotations

import json
from typing import Any

from autograd import Node, Symbol, write
from autograd.arithmetic.formulas import NEGATIVE
from autograd.viz.lines import sent_along
from autograd.viz.text import Number
from autograd.viz.walk.javascript import number, row_of
from autograd.viz.walk.timeline import FORWARD, Moment, Timeline


class Slot(Symbol):
    """A number that may change, in a line: `⟨v3⟩`, or `⟪v3⟫` where it has brackets if negative.

    `v3` is the value of node 3, `g3` its gradient.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__(f"⟨{name}⟩", strength=NEGATIVE)
        self.name = name

    def inside(self, strength: int) -> tuple[str, str]:
        text = self.text if self.strength >= strength else f"⟪{self.name}⟫"
        return text, text


def is_live(stepper: Timeline) -> bool:
    """Whether a page can compute the graph: one of single numbers, of rows of the table."""
    return all(
        type(node.raw) is float and (node.op is None or node.op.scalar is not None)
        for node in stepper.nodes
    )


def live_script(stepper: Timeline) -> str:
    """The graph as an expression of JavaScript: see `static/live.js`, which computes it."""
    place = {node: i for i, node in enumerate(stepper.nodes)}
    rows: dict[str, int] = {}
    graph = []
    for node in stepper.nodes:
        if node.op is None:
            graph.append(number(stepper.value(node)))
            continue
        row = rows.setdefault(row_of(node), len(rows))
        operands = [
            str(place[x]) if isinstance(x, Node) else f"[{number(x)}]" for x in node.operands
        ]
        graph.append(f"[{row},[{','.join(operands)}]]")
    lines = json.dumps(
        [_lines(moment, place) for moment in stepper], ensure_ascii=False, separators=(",", ":")
    )
    seed = number(stepper.steps[0].gradient)
    lines = lines.replace("<", "\\u003c")  # so that no label ends the script
    return f"{{seed:{seed},graph:[{','.join(graph)}],rows:[{','.join(rows)}],lines:{lines}}}"


def _lines(moment: Moment, place: dict[Node, int]) -> list[str]:
    """The numbers of a moment's lines, in which slots stand for them."""
    node = moment.node
    if node.op is None:
        return []

    def slot(x: Node | Number) -> Any:
        return Slot(f"v{place[x]}") if isinstance(x, Node) else x

    operands = list(map(slot, node.operands))
    if moment.phase == FORWARD:
        return [write(node.op, *operands).text]
    step = moment.stepper.steps[moment.position - len(place)]
    g, out = Slot(f"g{place[node]}"), Slot(f"v{place[node]}")
    return [
        sent_along(node, i, operands, g, out).text
        for i, sent in enumerate(step.sent)
        if sent is not None
    ]
