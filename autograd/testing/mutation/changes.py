"""Every function that differs from a given one in one place of its syntax tree."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from autograd import TABLE
from autograd.testing.mutation.sources import Tree
from autograd.testing.mutation.variants import Scope, Variant, variants, wrong_results

Path = tuple[str | int, ...]  # fields and places in lists, from the function down to a node

# What tells nothing of a node's history: shapes, and rows that are locally constant.
_SHAPES_AND_MASKS = {
    *("shape_of", "shape", "ndim", "dtype"),
    *(row.name for row in TABLE.values() if not any(row.vjps)),
}


class Change(NamedTuple):
    """The kind of change, what was written and what stands there now, and the whole function."""

    operator: str
    text: str
    tree: Tree


def changes(tree: Tree, scope: Scope, params: Iterable[str]) -> Iterator[Change]:
    """`tree`, which is left alone, with each of its variants; `params` never are nodes."""
    for path, part in _parts(tree):
        found = list(variants(part, scope))
        if scope.variables:
            found += _of_result(path, part, scope.variables[0])
        for operator, variant in found:
            if operator == "raw data for a node" and (
                getattr(part, "id", "") in params or _locally_constant(tree, path)
            ):
                continue
            changed = ast.fix_missing_locations(_replaced(tree, path, variant))
            place = _statement(tree, path)
            before, after = _line(_at(tree, place)), _line(_at(changed, place))
            yield Change(operator, f"{before} → {after}", changed)


def _of_result(path: Path, part: ast.AST, gradient: str) -> Iterator[Variant]:
    """Wrong versions of a rule's result: where it is a lambda of its body, else of a `return`."""
    if path == ("body",):
        yield from wrong_results(part, gradient)
    elif isinstance(part, ast.Return) and part.value is not None:
        for name, wrong in wrong_results(part.value, gradient):
            yield name, ast.Return(wrong)


def _locally_constant(tree: Tree, path: Path) -> bool:
    """Whether `path` ends inside a shape or a mask, where a node's history plays no part."""
    for i in range(1, len(path)):
        around = _at(tree, path[:i])
        function = getattr(around.func, "id", "") if isinstance(around, ast.Call) else ""
        if {function, getattr(around, "attr", "")} & _SHAPES_AND_MASKS:
            return True
    return False


def _parts(tree: Tree, path: Path = ()) -> Iterator[tuple[Path, ast.AST]]:
    """The syntax nodes inside a function's body, each with the way to it; not texts or errors."""
    for name, child in ast.iter_fields(tree) if path else [("body", tree.body)]:
        if name in ("annotation", "returns", "decorator_list", "args") and not isinstance(
            tree, ast.Call
        ):
            continue
        for i, item in enumerate(child if isinstance(child, list) else [child]):
            if isinstance(item, ast.AST) and not _left_alone(item):
                here = (*path, name, i) if isinstance(child, list) else (*path, name)
                yield here, item
                yield from _parts(item, here)


def _left_alone(part: ast.AST) -> bool:
    """An error, a text, a docstring, and `strict`, which only guards."""
    match part:
        case ast.Raise() | ast.JoinedStr() | ast.Expr(value=ast.Constant()):
            return True
        case ast.keyword(arg="strict"):
            return True
    return False


def _at(tree: Tree, path: Path) -> Tree:
    for step in path:
        tree = tree[step] if isinstance(step, int) else getattr(tree, step)
    return tree


def _statement(tree: Tree, path: Path) -> Path:
    """The way to the statement, or the lambda's body, in which `path` ends."""
    while len(path) > 1 and not isinstance(_at(tree, path), ast.stmt):
        path = path[:-1]
    return path


def _line(tree: ast.AST) -> str:
    """One line of source: of a statement with a body only its head."""
    text = ast.unparse(tree).strip().split("\n")[0]
    text = re.sub(r"__import__\(.*?\)\.", "", text)
    return "nothing" if text == "pass" else text


def _replaced(tree: Tree, path: Path, variant: ast.AST | None) -> Tree:
    """`tree` with `variant` at the end of `path`, nothing if None; the rest of it is shared."""
    if not path:
        return ast.Pass() if variant is None else variant
    twin, first = copy.copy(tree), path[0]
    if isinstance(first, int):
        twin[first] = _replaced(tree[first], path[1:], variant)
    else:
        setattr(twin, first, _replaced(getattr(tree, first), path[1:], variant))
    return twin
