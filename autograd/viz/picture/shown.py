"""The graph to be shown: its boxes, and what leads to what.

Every node has an owner, the node in whose box it is shown: itself as recorded, the first of a group
where modules are closed (`modules`) or a large graph is collapsed (`collapse`).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextvars import Context
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from autograd import Node, describe, toposort
from autograd.viz.picture import boxes
from autograd.viz.picture.boxes import Box, Element, Opened
from autograd.viz.picture.collapse import Grouping, by_structure
from autograd.viz.picture.modules import Modules, Path, bare, by_module, levels
from autograd.viz.text import Number, in_sign, node_title, one_line, shape_text

FEW = 60  # boxes that can be taken in at once
NOTE = 80  # characters of a note about the picture


class Edge(NamedTuple):
    """From box to box. Where `slot` is None, edges for several operands are drawn as one."""

    tail: str
    head: str
    slot: int | None
    label: str


@dataclass
class Shown:
    """A graph to be shown. An edge is (from, to, label); a box's edges are in operand order."""

    boxes: list[Box] = field(default_factory=list)
    edges: list[tuple[str, str, str]] = field(default_factory=list)
    clusters: dict[Path, str] = field(default_factory=dict)  # titles
    notes: list[str] = field(default_factory=list)
    ids: dict[Node, str] = field(default_factory=dict)  # of the box in which a node is shown


class Plan(NamedTuple):
    """Who is shown in whose box: `single` nodes have one of their own, `opened` ones many."""

    grouping: Grouping
    members: dict[Node, list[Node]]  # of the boxes, by owner
    ids: dict[Node, str]  # likewise
    single: set[Node]
    opened: dict[Node, Opened]

    def place(self, node: Node) -> Path:
        return self.grouping.places.get(node, ())

    def sources(self, x: Node, position: int | None = None) -> Iterator[tuple[str, str]]:
        """The boxes that show `x`, or one element of it, each with what to write on the edge."""
        owner = self.grouping.owner[x]
        if owner not in self.opened:
            yield self.ids[owner], "" if position is None else boxes.index_text(x.shape, position)
            return
        elements = self.opened[owner].elements
        for element in elements if position is None else [elements[position]]:
            if isinstance(element, Element):
                yield from self.sources(*element)
            else:
                yield element, ""


def to_be_shown(
    root: Node,
    limit: int,
    depth: int | None = None,
    expand: Collection[Node | str] = (),
    scalars: bool = False,
    modules: Modules = MappingProxyType({}),
    labels: Mapping[Node, str] | None = None,
    gradients: Mapping[Node, Number | None] | None = None,
) -> Shown:
    """Decide what is visible of the graph of `root`."""
    order = toposort(root)
    if expand:
        _must_be_there(order, expand, modules)
    paths = {x for x in expand if isinstance(x, str)}
    grouping = fitting(order, limit, depth, paths, modules)
    plan = planned(order, grouping)
    shown = Shown(clusters=grouping.clusters, notes=grouping.notes)
    shown.ids = {node: plan.ids[grouping.owner[node]] for node in order}
    open_those(to_open(plan, order, expand, paths if scalars else ()), limit, plan, shown)
    for node, members in plan.members.items():
        if node in plan.single:
            label = node.label if labels is None else labels.get(node)
            gradient = node.grad if gradients is None else gradients.get(node)
            shown.boxes += single_boxes(plan, node, label, gradient)
        else:
            shown.boxes.append(box_of_many(plan, node, members))
    counts = Counter(edge for node in order for edge in edges_into(plan, node))
    for edge, count in counts.items():
        label = f"×{count:,}" if grouping.runs and count > 1 else edge.label
        shown.edges.append((edge.tail, edge.head, label))
    return shown


def planned(order: list[Node], grouping: Grouping) -> Plan:
    """Who is shown where, with nothing opened into scalars yet."""
    among: dict[Node, list[Node]] = {}
    for node in order:
        among.setdefault(grouping.owner[node], []).append(node)
    ids = {node: f"n{i}" for i, node in enumerate(order) if node in among}
    members = {node: among[node] for node in ids}  # in recorded order
    single = {
        node
        for node, others in members.items()
        if node not in grouping.texts and (len(others) == 1 or node in grouping.copies)
    }
    return Plan(grouping, members, ids, single, {})


def open_those(asked: list[Node], limit: int, plan: Plan, shown: Shown) -> None:
    """Open nodes into scalars, as many as there is room for."""
    room, too_large = limit - len(plan.members), []
    for node in asked:
        if boxes.work(node) > room:
            too_large.append(node_title(node))
            continue
        room -= boxes.work(node)
        place = (*plan.place(node), plan.ids[node])
        shown.clusters[place] = f"{node_title(node)}  {shape_text(node.shape)}"
        # in a context of its own: recording, and told to no observer
        plan.opened[node] = Context().run(boxes.open_scalars, plan.ids[node], node, place)
    if too_large:
        shown.notes.append(one_line(f"too many scalars to open: {', '.join(too_large)}", NOTE))


def single_boxes(
    plan: Plan, node: Node, label: str | None, gradient: Number | Node | None
) -> list[Box]:
    """The box of a node, after those of its constants; or those of its scalars."""
    if node in plan.opened:
        return plan.opened[node].boxes
    place = plan.place(node)
    constants = [
        boxes.constant_box(f"{plan.ids[node]}_{slot}", x, place)
        for slot, x in enumerate(node.operands)
        if not isinstance(x, Node) and not in_sign(node, slot)
    ]
    return [*constants, boxes.node_box(plan.ids[node], node, place, label, gradient)]


def box_of_many(plan: Plan, owner: Node, members: list[Node]) -> Box:
    """The box of a closed module (of the first, where equal ones are folded), or of a group."""
    grouping = plan.grouping
    if owner not in grouping.texts:
        return boxes.group_box(plan.ids[owner], members, grouping.runs.get(owner, 0))
    block = [x for x in members if not any(grouping.copies.get(x, {}).values())]
    return boxes.module_box(plan.ids[owner], block, *grouping.texts[owner], plan.place(owner))


def edges_into(plan: Plan, node: Node) -> Iterator[Edge]:
    """The edges into a node, in operand order; none within a box or between folded blocks."""
    owner, copies = plan.grouping.owner, plan.grouping.copies
    head = owner[node]
    if head in plan.opened:
        for slot, (before, to) in enumerate(plan.opened[node].edges if node is head else ()):
            found = plan.sources(*before) if isinstance(before, Element) else [(before, "")]
            yield from (Edge(tail, to, slot, label) for tail, label in found)
        return
    for slot, x in enumerate(node.operands):
        if not isinstance(x, Node):
            if node is head and node in plan.single and not in_sign(node, slot):
                yield Edge(f"{plan.ids[node]}_{slot}", plan.ids[node], slot, "")
        elif owner[x] is not head and not (copies and apart(copies.get(x), copies.get(node))):
            for tail, _ in plan.sources(x):
                yield Edge(tail, plan.ids[head], slot if head in plan.single else None, "")


def _must_be_there(order: list[Node], expand: Collection[Node | str], modules: Modules) -> None:
    nodes = set(order)
    inside = (levels(modules[node][0]) for node in order if node in modules)
    known = {".".join(path[: i + 1]) for path in inside for i in range(len(path))}
    for x in expand:
        if isinstance(x, str) and x not in known:
            names = ", ".join(sorted(known)) or "none were given as modules="
            raise ValueError(f"expand: no module {x!r} recorded this graph; modules: {names}")
        if isinstance(x, Node) and x not in nodes:
            raise ValueError(f"expand: {describe(x)} is not in this graph; draw what it leads to")


def fitting(
    order: list[Node], limit: int, depth: int | None, opened: Collection[str], modules: Modules
) -> Grouping:
    """What fits into `limit` boxes: as asked; else with more modules closed; else by structure.

    Where no depth is asked for, the deepest that shows few enough boxes to be taken in.
    """
    if not modules and len(order) <= limit:
        return Grouping({node: node for node in order})
    deepest = max((len(levels(path)) for path, _ in modules.values()), default=0)
    shallower = range(deepest if depth is None else depth - 1, -1, -1)
    most = min(limit, FEW) if depth is None and not opened else limit
    for level in (depth, *shallower) if modules else ():
        grouping = by_module(order, modules, level, opened if level == depth else ())
        count = len(set(grouping.owner.values()))
        if count <= most or (level == 0 and count <= limit):
            if level != depth:
                note = f"modules are closed to fit, depth={level}"
                grouping.notes.append(f"{len(order):,} nodes: {note}")
            return grouping
    return by_structure(order, limit)


def to_open(
    plan: Plan, order: list[Node], expand: Collection[Node | str], paths: Collection[str]
) -> list[Node]:
    """What to show as scalars: what was asked for, what is inside `paths`, and their leaves."""
    grouping, single = plan.grouping, plan.single
    asked = {grouping.owner[x] for x in expand if isinstance(x, Node)}

    def inside(node: Node) -> bool:
        place = bare(grouping.places.get(node, ()))
        return node.ndim > 0 and any(".".join(place[: i + 1]) in paths for i in range(len(place)))

    found = {x for x in single if x in asked or inside(x)}
    found |= {x for node in found for x in node.operands if isinstance(x, Node) and not x.op}
    return [x for x in order if x in found & single and (x.ndim or x in asked)]


def apart(x: dict[Node, int] | None, y: dict[Node, int] | None) -> bool:
    """Whether two nodes lie in different ones of the same folded blocks."""
    return x is not None and y is not None and any(x[b] != y[b] for b in x.keys() & y.keys())
