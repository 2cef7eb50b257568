"""The house: imports go only downwards and in no circle, nobody reaches in, and rooms stay small.

All of it is read from the source with `ast`:

- A folder imports folders of lower layers, and itself.
- No file leads back to itself, whether an import loads at once, in a function or for types alone.
- The public face, `autograd/__init__.py`, may expose tape, viz and testing, which load lazily.
- `nets` is built from the public face alone: `autograd`, `autograd.tape`, `.testing` and `.viz`.
- No `_name` of one folder is read in another.
- The engine below the face needs NumPy and nothing else, so that importing it stays cheap.
- No module hides behind a function of its name, no function grows long or nests deep.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]

# From the ground up. A module has the layer of the longest name here that it begins with; only
# what stands directly in `autograd` must be listed.
LAYERS = {
    "autograd.errors": 0,
    "autograd.core": 1,
    "autograd.table": 2,
    "autograd.arithmetic": 3,
    "autograd": 4,
    "autograd.tape": 5,
    "autograd.viz": 5,
    "autograd.testing": 6,
    "autograd.__main__": 7,
    "nets.data": 8,
    "nets.layers": 8,
    "nets.perceptron": 8,
    "nets.train": 9,
    "nets": 10,
}
FACE = 4  # the layer of `autograd` itself
LAZY = ("autograd.errors", "autograd.tape", "autograd.testing", "autograd.viz")
PUBLIC = ("autograd", *LAZY)
LONGEST_FILE, LONGEST_FUNCTION, DEEPEST = 400, 60, 4


class Import(NamedTuple):
    line: int
    module: str
    name: str | None  # of `from module import name`
    lazy: bool  # inside a function, or for types alone


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
FOLDERS = [name for name, path in SOURCES.items() if path.name == "__init__.py"]


def read(module: str) -> tuple[str, bool]:
    path = SOURCES[module]
    return path.read_text(encoding="utf-8"), path.name == "__init__.py"


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
            case _:
                types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
                inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                for child in ast.iter_child_nodes(node):
                    yield from visit(child, lazy or inside or types)

    return list(visit(ast.parse(source), lazy=False))


def target(found: Import) -> str:
    """The module that an import loads: `from autograd.core import walk` loads that file."""
    inner = f"{found.module}.{found.name}"
    return inner if inner in SOURCES or inner in LAYERS else found.module


def layer(module: str) -> int | None:
    """The layer of a module of ours; None where the table lacks it, or for somebody else's."""
    if module in LAYERS:
        return LAYERS[module]
    package = module.rpartition(".")[0]
    return layer(package) if package and package != "autograd" else None


def folder(module: str) -> str:
    """The part of the house: `autograd.viz` for `autograd.viz.walk.page`."""
    part = ".".join(module.split(".")[:2])
    return part if part in FOLDERS else module.split(".")[0]


def ours(module: str) -> bool:
    return module.split(".")[0] in ("autograd", "nets")


# --- the rules --------------------------------------------------------------------------------


def private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name not in OFFICIAL


# Python's own, public in spite of their names
OFFICIAL = ("_", "_asdict", "_fields", "_make", "_replace", "_getframe", "_fix_co_filename")


def upward(module: str, source: str, *, package: bool = False) -> list[str]:
    """Where a module imports a higher layer, or one beside it in another folder."""
    here, wrong = layer(module), []
    assert here is not None, f"{module} has no layer; add it to LAYERS, as low as it can stand"
    for found in imports(module, source, package=package):
        there = layer(aim := target(found))
        if not ours(aim) or aim == module:
            continue
        if there is None:
            wrong.append(f"line {found.line}: {aim} has no layer")
        elif module == "autograd" and found.lazy and aim in LAZY:
            continue
        elif there > here or (there == here and folder(aim) != folder(module)):
            wrong.append(f"line {found.line}: layer {here} imports {aim}, of layer {there}")
    return wrong


def beyond_the_face(source: str) -> list[str]:
    """Where a module of `nets` imports what is not autograd's public face."""
    return [
        f"line {found.line}: {target(found)} is not public"
        for found in imports("nets.here", source)
        if ours(found.module)
        and not found.module.startswith("nets")
        and target(found) not in PUBLIC
    ]


def names_defined(sources: list[str]) -> set[str]:
    """Every private name that these sources define or assign to."""
    found: set[str] = set()
    for node in (node for source in sources for node in ast.walk(ast.parse(source))):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.Name(id=name):
                found.add(name)
            case ast.Attribute(attr=name, value=ast.Name("self" | "cls")):
                found.add(name)
    return {name for name in found if private(name)}


def reach_ins(source: str, own: set[str]) -> list[str]:
    """Where a source reads a private name that is none of its `own` folder's."""
    wrong = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(attr=name) if private(name) and name not in own:
                wrong.append(f"line {node.lineno}: ._{name[1:]}")
            case ast.ImportFrom(names=names):
                hidden = [a.name for a in names if private(a.name) and a.name not in own]
                wrong += [f"line {node.lineno}: imports {name}" for name in hidden]
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


def lines_of_code(function: ast.FunctionDef) -> int:
    """The lines on which something stands that is no docstring."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    nodes = [node for part in body for node in ast.walk(part) if isinstance(node, ast.stmt)]
    return len({line for node in nodes for line in range(node.lineno, (node.end_lineno or 0) + 1)})


def nesting(node: ast.AST) -> int:
    """How many blocks of a function stand inside each other."""
    block = isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.Try | ast.Match)
    inner = (n for n in ast.iter_child_nodes(node) if not isinstance(n, ast.FunctionDef))
    chained = (
        isinstance(node, ast.If) and len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)
    )
    depths = [nesting(n) - (chained and n is node.orelse[0]) for n in inner]  # type: ignore[attr-defined]
    return block + max(depths, default=0)


# --- the project ------------------------------------------------------------------------------


@pytest.mark.parametrize("module", SOURCES)
def test_imports_go_downwards(module: str) -> None:
    source, package = read(module)
    assert upward(module, source, package=package) == []


def test_no_file_leads_back_to_itself() -> None:
    graph = {}
    for module in SOURCES:
        source, package = read(module)
        found = imports(module, source, package=package)
        lazily = {*LAZY} if module == "autograd" else set()
        aims = {target(one) for one in found} - lazily
        graph[module] = {aim for aim in aims if ours(aim) and aim != module}
    assert cycle(graph) == []


@pytest.mark.parametrize("module", [name for name in SOURCES if name.split(".")[0] == "nets"])
def test_nets_use_the_public_face(module: str) -> None:
    assert beyond_the_face(read(module)[0]) == []


@pytest.mark.parametrize("module", SOURCES)
def test_nobody_reads_a_private_name_of_another_folder(module: str) -> None:
    mine = [read(name)[0] for name in SOURCES if folder(name) == folder(module)]
    assert reach_ins(read(module)[0], names_defined(mine)) == []


@pytest.mark.parametrize("module", [name for name in SOURCES if (layer(name) or 0) <= FACE])
def test_the_engine_loads_numpy_alone(module: str) -> None:
    assert heavy(module, read(module)[0]) == []


@pytest.mark.parametrize("package", FOLDERS)
def test_no_module_hides_behind_a_name_of_its_package(package: str) -> None:
    for name in SOURCES:
        if name.rpartition(".")[0] == package:
            inner = getattr(importlib.import_module(package), name.rpartition(".")[2], None)
            assert inner is None or inspect.ismodule(inner), name


@pytest.mark.parametrize("module", SOURCES)
def test_rooms_stay_small(module: str) -> None:
    source, _ = read(module)
    assert source.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            assert lines_of_code(node) <= LONGEST_FUNCTION, node.name
            assert nesting(node) <= DEEPEST, node.name


def test_the_top_shows_ten_ideas_at_most() -> None:
    entries = {p.name for p in (ROOT / "autograd").iterdir() if p.name != "__pycache__"}
    assert len(entries) <= 10


def test_what_users_install_is_the_library_alone() -> None:
    assert sum(read(module)[0].count("\n") for module in SOURCES) < 26_000


# --- the rules themselves, on wrong and right sources -----------------------------------------


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("autograd.core.node", "from autograd.table.masks import sign"),
        ("autograd.core.node", "from autograd import table"),
        ("autograd.core.node", "from .. import table"),
        ("autograd.core.node", "from ..arithmetic.tensor import Tensor"),
        ("autograd.core.node", "def f():\n    import autograd.arithmetic.tensor"),
        ("autograd.core.node", "if TYPE_CHECKING:\n    from autograd.arithmetic import tensor"),
        ("autograd.table.masks", "import autograd"),
        ("autograd.arithmetic.value", "if True:\n    from autograd import viz"),
        (
            "autograd.arithmetic.value",
            "try:\n    import autograd.viz\nexcept ImportError:\n    pass",
        ),
        ("autograd.arithmetic.value", "def f():\n    from autograd.tape import Tape"),
        ("autograd", "from autograd import tape"),
        ("autograd", "def f():\n    from autograd import __main__"),
        ("autograd.tape.tape", "from autograd.viz import draw"),
        ("autograd.viz.picture.draw", "import nets"),
        ("nets.layers.linear", "from nets.train import training"),
    ],
)
def test_an_upward_import_is_found(module: str, source: str) -> None:
    assert len(upward(module, source, package=module == "autograd")) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("autograd.table.masks", "import math\nimport numpy as np\nfrom autograd.core import node"),
        ("autograd.arithmetic.value", "from autograd.arithmetic.tensor import Tensor"),
        ("autograd", "if TYPE_CHECKING:\n    from autograd import errors, tape, testing, viz"),
        ("autograd.viz.picture.draw", "from autograd import Value\nfrom ..tell import source"),
        ("autograd.testing.laws", "from autograd.tape import Tape"),
        ("nets.train.training", "import autograd\nfrom nets.layers.module import Module"),
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
        "from autograd import core",
        "def f():\n    from autograd.core.walk import steps",
        "from autograd.viz.picture import draw",
    ],
)
def test_a_reach_past_the_face_is_found(source: str) -> None:
    assert len(beyond_the_face(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import autograd\nautograd.exp(autograd.Tensor([1.0]))\nautograd.__version__",
        "from autograd.tape import Tape, compile\nfrom autograd.viz import draw",
        "from autograd import Tensor, formula, no_grad, viz",
        "import autograd.viz\nautograd.viz.Stepper",
        "from nets.layers import linear\nimport numpy as np",
    ],
)
def test_the_public_face_passes(source: str) -> None:
    assert beyond_the_face(source) == []


def test_a_reach_in_is_found() -> None:
    own = names_defined(["class A:\n    def __init__(self):\n        self._mine = 1\n_one = 2"])
    assert own == {"_mine", "_one"}
    assert reach_ins("x._mine + x._one + x._replace(y=1) + x.__dict__", own) == []
    assert reach_ins("x._theirs", own) == ["line 1: ._theirs"]
    assert reach_ins("from m import _theirs, _one", own) == ["line 1: imports _theirs"]


def test_a_heavy_import_is_found() -> None:
    source = "import numpy as np\nimport graphviz\nfrom IPython import display"
    assert heavy("autograd.core.node", source) == ["IPython", "graphviz"]
    assert heavy("autograd.core.node", "def f():\n    import graphviz") == []


def test_a_circle_is_found() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_long_and_deep_functions_are_found() -> None:
    long = """
def f():
    '''Doc.'''
    x = [
        1,
    ]

    # why
    return x
"""
    deep = """
def f():
    for x in y:
        with x:
            if x:
                pass
            elif y:
                pass
"""
    (function,) = ast.parse(long).body
    assert isinstance(function, ast.FunctionDef)
    assert lines_of_code(function) == 4
    assert nesting(ast.parse(deep).body[0]) == 3
