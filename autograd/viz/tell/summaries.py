"""`tree` and `summary`: the modules of a model as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np

from autograd import Node, Observer, matmul, mul, observing
from autograd.viz.text import escape_html, shape_text


class Model(Protocol):
    """What can be shown: a `nets.Module`, or whatever has the same methods."""

    def named_modules(self) -> Iterable[tuple[str, Model]]: ...

    def named_parameters(self) -> Iterable[tuple[str, Node]]: ...

    @property
    def forward(self) -> Callable[..., Any]: ...

    def __call__(self, *inputs: Any, **options: Any) -> Any: ...  # runs `forward`


class Row(NamedTuple):
    """One module. `output` and `multiply_adds` are None where it did not run."""

    path: str
    kind: str
    parameters: int
    output: str | None = None
    multiply_adds: int | None = None


class Table:
    """Rows by module, the whole model first; readable as text and, in notebooks, as HTML."""

    def __init__(self, rows: list[Row], columns: tuple[str, ...]) -> None:
        self.rows, self.columns = rows, columns

    def _cells(self) -> Iterator[tuple[str, ...]]:
        """What stands in the columns, row by row."""
        yield "module", *(column.replace("_", "-") for column in self.columns)
        paths = ancestries([row.path for row in self.rows])
        for path, branch, row in zip(paths, branches(paths), self.rows, strict=True):
            name = path[-1] if path else ""
            cells = (getattr(row, column) for column in self.columns)
            shown = ("–" if c is None else f"{c:,}" if isinstance(c, int) else c for c in cells)
            yield f"{branch}{name}: {row.kind}" if name else row.kind, *shown

    def __repr__(self) -> str:
        cells = list(self._cells())
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = []
        for first, *others in cells:
            numbers = map(str.rjust, others, widths[1:])
            lines.append("  ".join([first.ljust(widths[0]), *numbers]))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head, *body = self._cells()
        left = 'style="text-align: left; white-space: pre"'
        rows = ["".join(f'<th scope="col" {left}>{cell}</th>' for cell in head)]
        for first, *others in body:
            name = f'<th scope="row" {left}>{escape_html(first)}</th>'
            rows.append(name + "".join(f"<td>{escape_html(cell)}</td>" for cell in others))
        return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def ancestries(paths: list[str]) -> list[tuple[str, ...]]:
    """The modules around each, and itself, by their names in the one before.

    >>> ancestries(["", "blocks", "blocks.0", "layers.0", "layers.0.norm"])
    [(), ('blocks',), ('blocks', '0'), ('layers.0',), ('layers.0', 'norm')]
    """
    found: dict[str, tuple[str, ...]] = {"": ()}
    for path in paths:
        parts = path.split(".")
        prefixes = (".".join(parts[:i]) for i in range(len(parts) - 1, 0, -1))
        around = next((prefix for prefix in prefixes if prefix in found), "")
        if path:
            found[path] = (*found[around], path[len(around) :].removeprefix("."))
    return [found[path] for path in paths]


def branches(paths: list[tuple[str, ...]]) -> list[str]:
    """The lines of a tree in front of its rows.

    >>> branches([(), ("a",), ("a", "b"), ("c",)])
    ['', '├─ ', '│  └─ ', '└─ ']
    """
    drawn, below = [], set[int]()  # levels at which another row follows
    for depth in map(len, reversed(paths)):
        trunk = "".join("│  " if level in below else "   " for level in range(1, depth))
        drawn.append(trunk + ("" if not depth else "├─ " if depth in below else "└─ "))
        below = {level for level in below if level < depth} | {depth}
    return drawn[::-1]


def tree(model: Model) -> Table:
    """The modules of a model, and how many parameters are inside each (shared ones once).

    >>> import numpy as np
    >>> from nets import MLP
    >>> tree(MLP(2, 16, 1, rng=np.random.default_rng(0)))
    module             parameters
    MLP                        65
    ├─ layers.0: Linear        48
    └─ layers.1: Linear        17
    """
    return Table([_row(path, module) for path, module in model.named_modules()], ("parameters",))


def summary(model: Model, *inputs: Any, **options: Any) -> Table:
    """The same after a run on `inputs`, with the shape of every output and the multiply-adds.

    Multiply-adds are those of matrix products, (n, k) @ (k, m) has n·k·m; in a scalarized model
    every product of two numbers is one. The model runs as in use, not as in training, so that
    dropout and running statistics leave no trace.

    >>> import numpy as np
    >>> from nets import MLP
    >>> summary(MLP(2, 16, 1, rng=np.random.default_rng(0)), np.zeros((100, 2)))
    module               output  parameters  multiply-adds
    MLP                   100×1          65          4,800
    ├─ layers.0: Linear  100×16          48          3,200
    └─ layers.1: Linear   100×1          17          1,600
    """
    modules = dict(model.named_modules())
    watch = _Watch()
    with observing(watch), ExitStack() as runs:
        for path, module in modules.items():
            runs.enter_context(_watched(watch, path, module))
        model(*inputs, **options)
    rows = [
        _row(path, module, watch.outputs.get(path), watch.multiply_adds.get(path))
        for path, module in modules.items()
    ]
    return Table(rows, ("output", "parameters", "multiply_adds"))


def _row(path: str, module: Model, *run: Any) -> Row:
    parameters = sum(p.size for _, p in module.named_parameters())
    return Row(path, type(module).__name__, parameters, *run)


class _Watch(Observer):
    """What every module gave, and the multiply-adds inside it."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.outputs: dict[str, str] = {}
        self.multiply_adds: dict[str, int] = {}

    def recorded(self, node: Node) -> None:
        count = int(node.op is mul and not node.ndim)
        if node.op is matmul:
            count = node.size * np.shape(node.operands[0])[-1]
        for path in set(self.running):
            self.multiply_adds[path] += count


@contextmanager
def _watched(watch: _Watch, path: str, module: Model) -> Iterator[None]:
    """Within it `watch` hears of the module's runs, and the module is not in training."""
    forward = module.forward

    def told(*inputs: Any, **options: Any) -> Any:
        watch.multiply_adds.setdefault(path, 0)
        watch.running.append(path)
        try:
            result = forward(*inputs, **options)
        finally:
            watch.running.pop()
        results = result if isinstance(result, tuple) else (result,)
        watch.outputs[path] = ", ".join(shape_text(np.shape(x)) for x in results)
        return result

    training = vars(module).get("training")
    vars(module).update(forward=told, training=False)
    try:
        yield
    finally:
        del vars(module)["forward"], vars(module)["training"]
        if training is not None:
            vars(module)["training"] = training
