"""Which nodes lie in which module: opened modules are clusters, closed ones a box each.

A module's call is a stretch of operations without a gap in recorded order, so that a box for each
stretch can never close a circle. Stretches of equal blocks in a row are folded into the first.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby

from autograd import Node
from autograd.viz.picture.collapse import Grouping, alike

Path = tuple[str, ...]
Modules = Mapping[Node, tuple[str, object]]  # path, and kind: a class, or its name
CALL = " (call "


def levels(path: str) -> Path:
    """The modules around something, outermost first; a list's items count as one level.

    >>> levels("blocks.0.attention.query")
    ('blocks.0', 'attention', 'query')
    """
    found: list[str] = []
    for part in filter(None, path.split(".")):
        if part.isdigit() and found and not found[-1].rpartition(".")[2].isdigit():
            found[-1] += f".{part}"
        else:
            found.append(part)
    return tuple(found)


def by_module(
    order: list[Node], modules: Modules, depth: int | None, opened: Collection[str]
) -> Grouping:
    """Modules `depth` levels down are a box each (None: none is), but for the `opened` paths."""
    inside = module_levels(order, modules)
    hidden = {node: box(path, depth, opened) for node, path in inside.items()}
    closed = {node: path for node, path in hidden.items() if path is not None}
    grouping = Grouping({node: node for node in order}, places=dict(inside))
    for stretch in stretches(order, closed):
        first = stretch[0]
        path = closed[first]
        grouping.owner |= dict.fromkeys(stretch, first)
        kinds = {kind for name, kind in (modules[x] for x in stretch) if levels(name) == bare(path)}
        kind = ", ".join(sorted(getattr(k, "__name__", str(k)) for k in kinds))
        grouping.texts[first] = (path[-1], kind) if path else (kind or "model", "")
        grouping.places[first] = path[:-1]
    for path in set(inside.values()):
        for i in range(1, len(path) + 1):
            grouping.clusters[path[:i]] = path[i - 1]
    fold(order, inside | closed, grouping)
    place_parameters(order, inside, grouping)
    return grouping


def module_levels(order: list[Node], modules: Modules) -> dict[Node, Path]:
    """The modules around every operation; from a second call on with the number of the call."""
    known = {path: levels(path) for path, _ in modules.values()}
    inside = {node: known[modules[node][0]] for node in order if node.op and node in modules}
    for level in range(1, max(map(len, known.values()), default=0) + 1):
        calls: Counter[Path] = Counter()
        around = {node: path[:level] for node, path in inside.items() if len(path) >= level}
        for stretch in stretches(order, around):
            path = around[stretch[0]]
            calls[path] += 1
            if calls[path] > 1:
                name = (*path[:-1], f"{path[-1]}{CALL}{calls[path]})")
                inside |= {node: (*name, *inside[node][level:]) for node in stretch}
    return inside


def bare(path: Path) -> Path:
    """A path without the numbers of the calls."""
    return tuple(name.partition(CALL)[0] for name in path)


def box(path: Path, depth: int | None, opened: Collection[str]) -> Path | None:
    """The module whose box hides what stands at `path`; None where it is shown."""
    if depth is None or len(path) < depth:
        return None
    if any(".".join(bare(path[:i])) in opened for i in range(1, len(path) + 1)):
        return None
    return path[:depth]


def stretches(order: list[Node], key: Mapping[Node, Path]) -> Iterator[list[Node]]:
    """Operations without a gap between them that have the same key."""
    for path, stretch in groupby((node for node in order if node.op), key.get):
        if path is not None:
            yield list(stretch)


def fold(order: list[Node], inside: dict[Node, Path], grouping: Grouping) -> None:
    """Let equal blocks in a row share the boxes of the first of them."""
    uses = Counter(x for node in order for x in node.operands if isinstance(x, Node))
    for level in range(1, max(map(len, inside.values()), default=0) + 1):
        calls = {
            node: path[:level]
            for node, path in inside.items()
            if len(path) >= level and not any(grouping.copies.get(node, {}).values())
        }
        row: list[list[Node]] = []
        for stretch in [*stretches(order, calls), []]:
            if row and stretch and follows(row, stretch, calls):
                row.append(stretch)
                continue
            if len(row) > 1:
                fold_row(row, calls, uses, grouping)
            row = [stretch]


def follows(row: list[list[Node]], stretch: list[Node], calls: dict[Node, Path]) -> bool:
    """Whether `stretch` is one more of the equal blocks in `row`: `blocks.3` after `blocks.2`."""
    *parents, name = calls[row[-1][0]]
    *others, next_name = calls[stretch[0]]
    stem, _, number = name.rpartition(".")
    return (
        parents == others
        and number.isdigit()
        and next_name == f"{stem}.{int(number) + 1}".lstrip(".")
        and len(stretch) == len(row[0])
        and pattern(stretch)[0] == pattern(row[0])[0]
    )


def pattern(stretch: list[Node]) -> tuple[list[tuple[object, ...]], Counter[Node]]:
    """A block's operations and how they connect, and how often it uses what is outside of it."""
    place = {node: i for i, node in enumerate(stretch)}
    outside: Counter[Node] = Counter()
    number: dict[Node, int] = {}
    found: list[tuple[object, ...]] = []
    for node in stretch:
        connections: list[object] = []
        for x in node.operands:
            if not isinstance(x, Node):
                connections.append("constant")
            elif x in place:
                connections.append(place[x])
            else:
                outside[x] += 1
                connections.append((number.setdefault(x, len(number)), x.shape))
        found.append((*alike(node), *connections))
    return found, outside


def fold_row(
    row: list[list[Node]], calls: dict[Node, Path], uses: Counter[Node], grouping: Grouping
) -> None:
    """Give the operations of equal blocks, and the leaves that a block has to itself, one box."""
    first, path, last = row[0], calls[row[0][0]], calls[row[-1][0]]
    outside = pattern(first)[1]
    for number, stretch in enumerate(row):
        pairs = [*zip(stretch, first, strict=True)]
        for (x, n), (y, m) in zip(pattern(stretch)[1].items(), outside.items(), strict=True):
            if x.op is None and y.op is None and n == uses[x] and m == uses[y]:
                pairs.append((x, y))
        for node, original in pairs:
            grouping.copies.setdefault(node, {})[first[0]] = number
            if number:
                grouping.owner[node] = grouping.owner[original]
    times = f"{path[-1]} … {last[-1].rpartition('.')[2]}  ×{len(row)}"
    grouping.clusters[path] = times
    head = grouping.owner[first[0]]
    if head in grouping.texts and grouping.owner[first[-1]] is head:
        grouping.texts[head] = (times, grouping.texts[head][1])


def place_parameters(order: list[Node], inside: dict[Node, Path], grouping: Grouping) -> None:
    """Parameters stand in their module: in its box, where that alone uses them, or its cluster."""
    owner = grouping.owner
    resolve(order, owner)
    users: dict[Node, list[Node]] = {}
    for node in order:
        for x in node.operands:
            if isinstance(x, Node) and x.op is None and owner[x] is x:
                users.setdefault(x, []).append(node)
    for leaf, using in users.items():
        home = levels((leaf.label or "").rpartition(".")[0])
        boxes = {owner[user] for user in using}
        around = [inside.get(user, ())[: len(home)] for user in using]
        if not home or any(bare(path) != home for path in around):
            continue
        if len(boxes) == 1 and not boxes.isdisjoint(grouping.texts):
            owner[leaf] = boxes.pop()
        elif boxes.isdisjoint(grouping.texts) and all(path == home for path in around):
            grouping.places[leaf] = home
    resolve(order, owner)


def resolve(order: list[Node], owner: dict[Node, Node]) -> None:
    """Owners of owners become owners: what is folded may stand in what is folded."""
    for node in order:
        owner[node] = owner[owner[node]]
