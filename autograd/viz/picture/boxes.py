"""What a box says: a node, a constant, or many nodes at once."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from autograd import Node
from autograd.core.node import raw
from autograd.core.numbers import Array
from autograd.viz.text import (
    Number,
    array_rows,
    number_text,
    operation_text,
    range_and_norm,
    shape_text,
)


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
    magnitude: float | None = None  # of the gradient
    place: tuple[str, ...] = ()  # the clusters around it, outermost first


def node_box(
    id: str, node: Node, place: tuple[str, ...], label: str | None, gradient: Number | Node | None
) -> Box:
    box = Box(id, "result" if node.op else "leaf", operation_text(node))
    box.title, box.place = (label or "").removeprefix(".".join((*place, ""))), place
    box.aside = shape_text(node.shape) if node.ndim else ""
    box.value = number_rows(node.raw)
    if gradient is not None:
        box.gradient, box.magnitude = number_rows(raw(gradient)), norm([raw(gradient)])
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
        box.magnitude = norm([raw(operations[-1].grad)])
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
        most = [f"{count:,} {symbol}" for symbol, count in operations.most_common(3)]
        box.title = f"{len(operations)} kinds of operations"
        box.value.append(", ".join(most))
    else:
        stems = {re.sub(r"\[?[\d,.]*\]?$", "", node.label or "") for node in nodes}
        box.title = (stems.pop() if len(stems) == 1 else "") or "leaves"
    shapes = {node.shape for node in nodes}
    if len(shapes) == 1 and nodes[0].ndim:
        box.aside += f" of {shape_text(nodes[0].shape)}"
    box.value.append(extent([node.raw for node in nodes]))
    gradients = [raw(node.grad) for node in nodes if node.grad is not None]
    if gradients:
        box.gradient, box.magnitude = [extent(gradients)], norm(gradients)
    return box


def number_rows(numbers: Number) -> list[str]:
    array = np.asarray(numbers)
    return array_rows(array) if array.ndim else [number_text(numbers)]


def flat(numbers: list[Number]) -> Array:
    if all(type(x) is float for x in numbers):
        return np.array(numbers)
    return np.concatenate([np.ravel(x) for x in numbers])


def extent(numbers: list[Number]) -> str:
    """Between what all their numbers lie."""
    return range_and_norm(flat(numbers))[0]


def norm(gradients: list[Number]) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(flat(gradients)))


def counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
