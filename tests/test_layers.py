"""Imports go only downwards: the layers of the design, read from the source with `ast`.

- A module imports modules of lower layers, or of its own layer within its own package.
- Nothing that is imported while a module loads leads back to that module.
- The public face, `autograd/__init__.py`, may expose tape, viz and testing lazily, in a function.
- `nets` is built from the public face alone: `autograd`, `autograd.tape`, `.testing` and `.viz`,
  and no name with an underscore.
- The engine below the face needs NumPy and nothing else, so that importing it stays cheap.

Imports under `if TYPE_CHECKING:` don't count.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]

# A name without an entry has its package's layer: `autograd.viz.draw` has that of `autograd.viz`.
# Only below the face must every module be listed.
LAYERS = {
    "autograd.core": 0,
    "autograd.table.kernels": 0,
    "autograd.table.checks": 0,
    "autograd.table": 1,
    "autograd.core.walk": 2,
    "autograd.table.composites": 2,
    "autograd.arithmetic": 3,
    "autograd": 3,
    "autograd.tape": 4,
    "autograd.testing": 4,
    "autograd.viz": 4,
    "autograd.__main__": 5,
    "nets": 5,
}
FACE = 3  # the layer of `autograd` itself
PUBLIC = ("autograd", "autograd.tape", "autograd.testing", "autograd.viz")


class Import(NamedTuple):
    line: int
    module: str
    name: str | None  # of `from module import name`
    lazy: bool  # inside a function


# --- reading the source -----------------------------------------------------------------------


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Every module of both packages by its dotted name."""
    found = {}
    for package in ("autograd", "nets"):
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


SOURCES = modules()
KNOWN = frozenset(SOURCES) | frozenset(LAYERS)


def imports(module: str, source: str, *, package: bool = False) -> list[Import]:
    """The imports of a module, in order, relative ones resolved."""

    def visit(node: ast.AST, lazy: bool) -> Iterator[Import]:
        match node:
            case ast.Import():
                for alias in node.names:
                    yield Import(node.lineno, alias.name, None, lazy)
            case ast.ImportFrom():
                parts = module.split(".") if package else module.split(".")[:-1]
                above = parts[: len(parts) - node.level + 1] if node.level else []
                origin = ".".join([*above, *([node.module] if node.module else [])])
                for alias in node.names:
                    yield Import(node.lineno, origin, alias.name, lazy)
            case ast.If(test=ast.Name("TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                for child in node.orelse:
                    yield from visit(child, lazy)
            case _:
                inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                for child in ast.iter_child_nodes(node):
                    yield from visit(child, lazy or inside)

    return list(visit(ast.parse(source), lazy=False))


def target(found: Import) -> str:
    """The module that an import loads: `from autograd import graph` loads `autograd.core.walk`."""
    inner = f"{found.module}.{found.name}"
    return inner if inner in KNOWN else found.module


def layer(module: str) -> int | None:
    """The layer of a module of ours; None where the table lacks it, or for somebody else's."""
    if module in LAYERS:
        return LAYERS[module]
    package = module.rpartition(".")[0]
    return layer(package) if package and package != "autograd" else None


def ours(module: str) -> bool:
    return module.split(".")[0] in ("autograd", "nets")


# --- the rules --------------------------------------------------------------------------------


def private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def uses(source: str) -> Iterator[tuple[int, str]]:
    """Every dotted name that starts at `import autograd`, as (line, `autograd.some.name`)."""
    tree = ast.parse(source)
    starts = {"autograd": "autograd"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            starts |= {a.asname: a.name for a in node.names if a.asname and ours(a.name)}
        elif isinstance(node, ast.ImportFrom) and node.module == "autograd":
            dotted = {a.asname or a.name: f"autograd.{a.name}" for a in node.names}
            starts |= {name: module for name, module in dotted.items() if module in PUBLIC}
    attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    inner = {id(node.value) for node in attributes}
    for node in attributes:
        if id(node) in inner:
            continue
        parts, base = [], node
        while isinstance(base, ast.Attribute):
            parts.append(base.attr)
            base = base.value
        if isinstance(base, ast.Name) and base.id in starts:
            yield node.lineno, ".".join([starts[base.id], *reversed(parts)])


def face_names(source: str) -> set[str]:
    """What `autograd/__init__.py` imports by name, and so offers under that name."""
    tree = ast.parse(source)
    found = (node.names for node in tree.body if isinstance(node, ast.ImportFrom))
    return {alias.asname or alias.name for names in found for alias in names}


def beyond_the_face(source: str, offered: set[str]) -> list[str]:
    """Where a module of `nets` reaches past autograd's public face."""

    def hidden(dotted: str) -> bool:
        first, *rest = dotted.split(".")[1:] or [""]
        module = f"autograd.{first}"
        if any(private(part) for part in (first, *rest)):
            return True
        if module in PUBLIC:  # and no module inside it, unless it offers that name itself
            inner = bool(rest) and f"{module}.{rest[0]}" in KNOWN
            return inner and rest[0] not in face_names(read(module)[0])
        return module in KNOWN and first not in offered

    wrong = []
    for found in imports("nets.here", source):
        if not ours(found.module) or found.module.startswith("nets"):
            continue
        if found.module not in PUBLIC:
            wrong.append(f"line {found.line}: {found.module} is not public")
        elif found.name and hidden(f"{found.module}.{found.name}"):
            wrong.append(f"line {found.line}: {found.module}.{found.name} is not public")
    wrong += [
        f"line {line}: {dotted} is not public" for line, dotted in uses(source) if hidden(dotted)
    ]
    return sorted(set(wrong))


def upward(module: str, source: str, *, package: bool = False) -> list[str]:
    """Where a module imports a higher layer, or one beside it in another package."""
    here, wrong = layer(module), []
    assert here is not None, f"{module} has no layer; add it to LAYERS, as low as it can stand"
    for found in imports(module, source, package=package):
        there = layer(aim := target(found))
        if not ours(aim) or aim == module:
            continue
        if there is None:
            wrong.append(f"line {found.line}: {aim} has no layer")
        elif module == "autograd" and found.lazy and there == FACE + 1:
            continue
        elif there > here or (there == here and aim.split(".")[0] != module.split(".")[0]):
            wrong.append(f"line {found.line}: layer {here} imports {aim}, of layer {there}")
    return wrong


def heavy(module: str, source: str) -> list[str]:
    """What a module needs when it loads, beside NumPy, the standard library and ourselves."""
    light = {"numpy", "autograd", "nets", *sys.stdlib_module_names}
    needed = {found.module.split(".")[0] for found in imports(module, source) if not found.lazy}
    return sorted(needed - light - {""})


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """A path from a module back to itself, or an empty list."""
    for start in graph:
        paths, seen = [[start]], set()
        while paths:
            path = paths.pop()
            for after in sorted(graph.get(path[-1], ())):
                if after == start:
                    return [*path, start]
                if after not in seen:
                    seen.add(after)
                    paths.append([*path, after])
    return []


# --- the project ------------------------------------------------------------------------------


def read(module: str) -> tuple[str, bool]:
    path = SOURCES[module]
    return path.read_text(encoding="utf-8"), path.name == "__init__.py"


@pytest.mark.parametrize("module", SOURCES)
def test_imports_go_downwards(module: str) -> None:
    source, package = read(module)
    assert upward(module, source, package=package) == []


def test_loading_goes_in_no_circle() -> None:
    graph = {}
    for module in SOURCES:
        source, package = read(module)
        found = imports(module, source, package=package)
        aims = {target(one) for one in found if not one.lazy}
        graph[module] = {aim for aim in aims if ours(aim) and aim != module}
    assert cycle(graph) == []


@pytest.mark.parametrize("module", [name for name in SOURCES if name.split(".")[0] == "nets"])
def test_nets_use_the_public_face(module: str) -> None:
    assert beyond_the_face(read(module)[0], face_names(read("autograd")[0])) == []


@pytest.mark.parametrize("module", [name for name in SOURCES if (layer(name) or 0) <= FACE])
def test_the_engine_loads_numpy_alone(module: str) -> None:
    assert heavy(module, read(module)[0]) == []


# --- the rules themselves, on wrong and right sources -----------------------------------------

OFFERED = {"Tensor", "Value", "formula", "no_grad"}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("autograd.core.node", "from autograd.table.primitives import TABLE"),
        ("autograd.core.node", "from autograd import graph"),
        ("autograd.core.node", "from . import graph"),
        ("autograd.core.node", "from .tensor import Tensor"),
        ("autograd.core.node", "def f():\n    import autograd.arithmetic.tensor"),
        ("autograd.table.primitives", "import autograd"),
        ("autograd.arithmetic.value", "if True:\n    from autograd import viz"),
        (
            "autograd.arithmetic.value",
            "try:\n    import autograd.viz.draw\nexcept ImportError:\n    pass",
        ),
        ("autograd.arithmetic.value", "def f():\n    from autograd.tape import Tape"),
        ("autograd", "from autograd import tape"),
        ("autograd", "def f():\n    from autograd import lesson"),
        ("autograd.testing.audit", "from autograd.lesson import walk"),
        ("autograd.viz.draw", "import nets"),
        ("autograd.lesson", "def f():\n    from nets import Linear"),
        (
            "autograd.core.walk",
            "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    import nets",
        ),
    ],
)
def test_an_upward_import_is_found(module: str, source: str) -> None:
    assert len(upward(module, source, package=module == "autograd")) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "autograd.table.primitives",
            "import math\nimport numpy as np\nfrom autograd.core.node import Node",
        ),
        (
            "autograd.arithmetic.value",
            "from autograd import graph, primitives\nfrom autograd.arithmetic.face import Face",
        ),
        (
            "autograd.core.node",
            "if TYPE_CHECKING:\n    from autograd.arithmetic.tensor import Tensor",
        ),
        (
            "autograd.core.node",
            "if typing.TYPE_CHECKING:\n    from autograd.arithmetic.tensor import Tensor",
        ),
        ("autograd", "def __getattr__(name):\n    from autograd import tape, testing, viz"),
        ("autograd.viz.draw", "from autograd import Value\nfrom .explain import explain"),
        ("autograd.__main__", "from autograd.lesson import walk\nfrom autograd.viz import draw"),
        ("nets.train", "import autograd\nfrom nets.modules import Module\nfrom . import losses"),
    ],
)
def test_a_downward_import_passes(module: str, source: str) -> None:
    assert upward(module, source, package=module == "autograd") == []


def test_a_module_without_a_layer_is_found() -> None:
    with pytest.raises(AssertionError, match="no layer"):
        upward("autograd.surprise", "")


@pytest.mark.parametrize(
    "source",
    [
        "import autograd.core.node",
        "from autograd.core.node import Node",
        "from autograd.formula import formula",
        "from autograd import node",
        "from autograd import _hidden",
        "from autograd.viz import _draw",
        "from autograd import lesson",
        "def f():\n    from autograd.core.walk import backward",
        "import autograd\nautograd.core.node.Node",
        "import autograd as ag\nag._hidden",
        "from autograd import testing as check\ncheck._hidden()",
    ],
)
def test_a_reach_past_the_face_is_found(source: str) -> None:
    assert len(beyond_the_face(source, OFFERED)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import autograd\nautograd.exp(autograd.Tensor([1.0]))\nautograd.__version__",
        "import autograd as ag\nag.testing.check_grads",
        "from autograd.tape import Tape, compile\nfrom autograd.viz import draw",
        "from autograd import Tensor, formula, no_grad, viz",
        "from autograd.testing import check_grads\nfrom autograd.tape import Tape",
        "import autograd.viz\nautograd.viz.Stepper",
        "from nets._shapes import rows\nimport numpy as np\nnp._core",
    ],
)
def test_the_public_face_passes(source: str) -> None:
    assert beyond_the_face(source, OFFERED) == []


def test_a_heavy_import_is_found() -> None:
    source = "import numpy as np\nimport graphviz\nfrom IPython import display"
    assert heavy("autograd.arithmetic.value", source) == ["IPython", "graphviz"]
    assert heavy("autograd.arithmetic.value", "def f():\n    import graphviz") == []


def test_a_circle_is_found() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []
