"""Large graphs made small: what is equal in structure is one box, and so is a run of one operation.

A sum of 16 products is a run of additions; the 1,600 sums of a layer have the same operations on
the same structure: one box for all of them. Where even that leaves too many boxes, the graph is cut
into regions of neighbours in recorded order. No choice can make a circle: a run is entered only
from before its last node and left only from there, equal structure is equally deep, and regions
follow a topological order. Time and memory are linear in the nodes and edges.
"""

from collections import Counter
from dataclasses import dataclass, field

from autograd import Node

REGIONS = 40  # boxes that still read well side by side
CONSTANT, AGAIN, LEAF = -1, -2, -3  # what enters a structure besides other structures


@dataclass
class Grouping:
    """Whose box shows a node (its `owner`; itself, or the first of a group), and where."""

    owner: dict[Node, Node]
    texts: dict[Node, tuple[str, str]] = field(default_factory=dict)  # of owners: title and aside
    places: dict[Node, tuple[str, ...]] = field(default_factory=dict)  # clusters, outermost first
    clusters: dict[tuple[str, ...], str] = field(default_factory=dict)  # their titles
    copies: dict[Node, dict[Node, int]] = field(default_factory=dict)  # of folded blocks, by block
    notes: list[str] = field(default_factory=list)
    runs: dict[Node, int] = field(default_factory=dict)  # of owners: how many runs, where collapsed


def by_structure(order: list[Node], limit: int) -> Grouping:
    """Every node of `order` (a topological order) in one of at most `limit` groups."""
    place = {node: i for i, node in enumerate(order)}
    operands = [tuple([place[x] for x in node.operands if isinstance(x, Node)]) for node in order]
    last = ends_of_runs(order, operands)
    groups = structures(order, operands, last)
    note = "equal ones are one box, and so is a run of one operation"
    if max(groups) >= limit:
        groups = regions_of(order, operands, groups, min(limit, REGIONS))
        note = "regions of neighbours in recorded order"
    firsts: dict[int, Node] = {}
    owner = {node: firsts.setdefault(groups[i], node) for i, node in enumerate(order)}
    notes = [f"{len(order):,} nodes are drawn as {len(firsts):,} boxes: {note}"]
    runs = Counter(owner[node] for i, node in enumerate(order) if last[i] == i)
    return Grouping(owner, notes=notes, runs=runs)


def ends_of_runs(order: list[Node], operands: list[tuple[int, ...]]) -> list[int]:
    """For every node the end of its run: of nodes of one operation, each used by the next alone."""
    uses, user = [0] * len(order), [0] * len(order)
    for i, before in enumerate(operands):
        for j in before:
            uses[j] += 1
            user[j] = i
    last = list(range(len(order)))
    for j in range(len(order) - 1, -1, -1):
        node, after = order[j], order[user[j]]
        same = uses[j] == 1 and node.op is not None and node.op is after.op
        if same and (not node.params or alike(node) == alike(after)):
            last[j] = last[user[j]]
    return last


def alike(node: Node) -> tuple[object, ...]:
    """What equal operations have in common besides their operands."""
    return (node.op, node.shape, repr(node.params) if node.params else "")


def structures(order: list[Node], operands: list[tuple[int, ...]], last: list[int]) -> list[int]:
    """A number for every node: that of its structure, smaller than those built on it."""
    group, count = operation_structures(order, operands, last)
    used: dict[int, set[tuple[int, int]]] = {}  # leaves: by which structures, as which operand
    for i, before in enumerate(operands):
        for slot, j in enumerate(before):
            if order[j].op is None:
                used.setdefault(j, set()).add((group[i], slot))
    leaves: dict[tuple[object, ...], int] = {}
    for i, node in enumerate(order):
        if node.op is None:
            key = (node.shape, *sorted(used.get(i, ())))
            group[i] = leaves.setdefault(key, count + len(leaves))
    return group


def operation_structures(
    order: list[Node], operands: list[tuple[int, ...]], last: list[int]
) -> tuple[list[int], int]:
    """The same for operations alone, that of its end for a whole run; and how many there are."""
    known: dict[tuple[int, ...], int] = {}
    kinds: dict[tuple[object, ...], int] = {}  # operations, and shapes of leaves
    group = [-1] * len(order)
    entering: dict[int, list[int]] = {}  # by the end of a run: the structures that enter it
    for i, node in enumerate(order):
        if node.op is None:
            continue
        enters = entering.setdefault(last[i], [])
        places = iter(operands[i])
        for slot, x in enumerate(node.operands):
            j = next(places) if isinstance(x, Node) else None
            if j is None:
                enters.append(CONSTANT)
            elif slot and x is node.operands[0]:
                enters.append(AGAIN)
            elif x.op is None:
                enters.append(LEAF - kinds.setdefault(x.shape, len(kinds)))
            elif last[j] != last[i]:
                enters.append(group[j])
        if last[i] == i:
            kind = kinds.setdefault(alike(node), len(kinds))
            structure = (kind, *entering.pop(i))  # of integers only: these are many
            group[i] = known.setdefault(structure, len(known))
    return [group[i] for i in last], len(known)


def regions_of(
    order: list[Node], operands: list[tuple[int, ...]], groups: list[int], regions: int
) -> list[int]:
    """Regions of about equally many groups; a leaf lies where it is used first."""
    size = -(-(max(groups) + 1) // regions)
    leaf = [node.op is None for node in order]
    region = [regions if leaf[i] else group // size for i, group in enumerate(groups)]
    for i, before in enumerate(operands):
        for j in before:
            if leaf[j]:
                region[j] = min(region[j], region[i])
    return region
