"""A Tensor node opened into scalars: a box for every element, and for every number on the way."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from autograd import Node, as_values, matmul, steps, toposort
from autograd.core.node import raw
from autograd.core.numbers import boxed
from autograd.viz.picture.boxes import Box, constant_box, number_rows
from autograd.viz.text import operation_text


class Element(NamedTuple):
    """The element of a node at a position, counted along the flattened array."""

    node: Node
    position: int


class Opened(NamedTuple):
    """`edges` lead from a box or an operand's element to a box; `elements` are the node's own."""

    boxes: list[Box]
    edges: list[tuple[str | Element, str]]
    elements: list[str | Element]


def index_text(shape: tuple[int, ...], position: int) -> str:
    """Which element it is, as `[i,j]`; nothing for the only one of a scalar."""
    return f"[{','.join(str(int(i)) for i in np.unravel_index(position, shape))}]" if shape else ""


def work(node: Node) -> int:
    """About how many boxes a node becomes."""
    shapes = [np.shape(x) for x in node.operands]
    if node.op is matmul:
        return 2 * math.prod(node.shape) * int(shapes[0][-1])
    return max([node.size, *map(math.prod, shapes)]) * max(1, len(shapes))


def open_scalars(id: str, node: Node, place: tuple[str, ...]) -> Opened:
    """`node` computed once more on `Value`s, and what that recorded."""
    origin: dict[Node, Element] = {}
    stand_ins: list[Any] = []
    for x in node.operands:
        stand_ins.append(as_values(x.raw) if isinstance(x, Node) else x)
        if isinstance(x, Node):
            origin |= {value: Element(x, i) for i, value in enumerate(stand_ins[-1].flat)}
    out = boxed(node.op(*stand_ins, **node.params)) if node.op else as_values(node.raw)
    results: list[Node | float] = out.ravel().tolist()
    outputs = {x: i for i, x in enumerate(results) if isinstance(x, Node)}
    gradients = inner_gradients(node, results)
    opened = Opened([], [], [])
    sources: dict[Node, str | Element] = dict(origin)

    def source(x: Node | float) -> str | Element:
        if isinstance(x, Node):
            return sources[x]
        opened.boxes.append(constant_box(f"{id}_{len(opened.boxes)}", x, place))
        return opened.boxes[-1].id

    for value in toposort(*outputs):
        if value in origin:
            continue
        before = [source(x) for x in value.operands]
        box = Box(
            f"{id}_{len(opened.boxes)}", "result" if value.op else "leaf", operation_text(value)
        )
        box.place, box.value = place, number_rows(value.raw)
        if value in outputs:
            index = index_text(node.shape, outputs[value])
            name = (node.label or "").rpartition(".")[2]  # the cluster has all of it
            box.title, box.aside = (name + index, "") if name else ("", index)
        if value in gradients:
            box.gradient, box.magnitude = number_rows(gradients[value]), abs(gradients[value])
        sources[value] = box.id
        opened.boxes.append(box)
        opened.edges.extend((x, box.id) for x in before)
    opened.elements.extend(map(source, results))
    return opened


def inner_gradients(node: Node, results: list[Node | float]) -> dict[Node, float]:
    """The gradients of the scalars inside, from that of the node's elements."""
    if node.grad is None:
        return {}
    upstream = np.ravel(raw(node.grad))
    total: Node | float = 0.0
    for g, x in zip(upstream.tolist(), results, strict=True):
        total = total + g * x
    return {step.node: step.gradient for step in steps(total)} if isinstance(total, Node) else {}
