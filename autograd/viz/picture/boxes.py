"""What boxes say: of a node, a constant, many nodes at once, or each of a node's scalars."""

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from autograd import Node, as_values, matmul, steps, toposort
from autograd.core.node import raw
from autograd.core.numbers import Array, boxed
from autograd.viz.text import Number, number_rows, operation_text, range_and_norm, shape_text


@dataclass
class Box:
    """Something visible. `kind` is leaf, constant, result or group."""

    id: str
    kind: str
    symbol: str = ""
    title: str = ""
    aside: str = ""  # a shape, or how many nodes it stands for
    value: list[str] = field(default_factory=list)
    gradient: list[str] = field(default_factory=list)
    slope: float | None = None  # a single gradient with its sign, or the norm of several
    place: tuple[str, ...] = ()  # the clusters around it, outermost first


def node_box(
    id: str, node: Node, place: tuple[str, ...], label: str | None, gradient: Number | Node | None
) -> Box:
    box = Box(id, "result" if node.op else "leaf", operation_text(node))
    box.title, box.place = (label or "").removeprefix(".".join((*place, ""))), place
    box.aside = shape_text(node.shape) if node.ndim else ""
    box.value = number_rows(node.raw)
    if gradient is not None:
        box.gradient, box.slope = number_rows(raw(gradient)), slope_of([raw(gradient)])
    return box


def constant_box(id: str, constant: Number, place: tuple[str, ...]) -> Box:
    aside = shape_text(np.shape(constant)) if np.ndim(constant) else ""
    return Box(id, "constant", aside=aside, value=number_rows(constant), place=place)


def module_box(id: str, nodes: list[Node], title: str, kind: str, place: tuple[str, ...]) -> Box:
    """A closed module: how much is in it, and the shape (and gradient) of what leaves it."""
    operations = [node for node in nodes if node.op]
    parameters = sum(node.size for node in nodes if not node.op)
    box = Box(id, "group", title=title, aside=kind, place=place)
    box.value = [counted(len(operations), "operation")]
    if parameters:
        box.value.append(counted(parameters, "parameter"))
    if operations[-1].ndim:  # of single numbers there may be several
        box.value.append(f"gives {shape_text(operations[-1].shape)}")
    if operations[-1].grad is not None:
        box.slope = slope_of([raw(operations[-1].grad)])
    return box


def group_box(id: str, nodes: list[Node], runs: int) -> Box:
    """Many nodes: what they are, and between what their numbers lie."""
    operations = Counter(operation_text(node) for node in nodes if node.op)
    box = Box(id, "group" if operations else "leaf", aside=f"×{len(nodes):,}")
    if len(operations) == 1:
        (box.symbol,) = operations
        if 1 < runs < len(nodes):
            box.value.append(f"{runs:,} runs of {len(nodes) / runs:.3g}")
        elif runs == 1:
            box.value.append("one run")
    elif operations:
        box.title = f"{len(operations)} kinds of operations"
        box.value.append(", ".join(f"{n:,} {symbol}" for symbol, n in operations.most_common(3)))
    else:
        stems = {re.sub(r"\[?[\d,.]*\]?$", "", node.label or "") for node in nodes}
        box.title = (stems.pop() if len(stems) == 1 else "") or "leaves"
    shapes = {node.shape for node in nodes}
    if len(shapes) == 1 and nodes[0].ndim:
        box.aside += f" of {shape_text(nodes[0].shape)}"
    box.value.append(extent([node.raw for node in nodes]))
    if gradients := [raw(node.grad) for node in nodes if node.grad is not None]:
        box.gradient, box.slope = [extent(gradients)], slope_of(gradients)
    return box


def extent(numbers: list[Number]) -> str:
    """Between what all their numbers lie."""
    return range_and_norm(flat(numbers))[0]


def slope_of(gradients: list[Number]) -> float:
    """The one number that they are, or the norm of several."""
    numbers = flat(gradients)
    with np.errstate(all="ignore"):
        return float(numbers[0] if numbers.size == 1 else np.linalg.norm(numbers))


def flat(numbers: list[Number]) -> Array:
    if all(type(x) is float for x in numbers):
        return np.array(numbers)  # which is fast
    return np.concatenate([np.ravel(x) for x in numbers])


def counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


# --- a node opened into scalars -------------------------------------------------------------


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
        kind = "result" if value.op else "leaf"
        box = Box(f"{id}_{len(opened.boxes)}", kind, operation_text(value), place=place)
        box.value = number_rows(value.raw)
        if value in outputs:
            index = index_text(node.shape, outputs[value])
            name = (node.label or "").rpartition(".")[2]  # the cluster has all of it
            box.title, box.aside = (name + index, "") if name else ("", index)
        if value in gradients:
            box.gradient, box.slope = number_rows(gradients[value]), gradients[value]
        sources[value] = box.id
        opened.boxes.append(box)
        opened.edges.extend((x, box.id) for x in before)
    opened.elements.extend(map(source, results))
    return opened


def inner_gradients(node: Node, results: list[Node | float]) -> dict[Node, float]:
    """The gradients of the scalars inside, from that of the node's elements."""
    if node.grad is None:
        return {}
    total: Node | float = 0.0
    for g, x in zip(np.ravel(raw(node.grad)).tolist(), results, strict=True):
        total = total + g * x
    return {step.node: step.gradient for step in steps(total)} if isinstance(total, Node) else {}
