"""`diagnose`: what happens inside a network, layer by layer, and what is odd about it."""

from __future__ import annotations

import copy
import html
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import autograd
from autograd import Node, Tensor
from nets.layers.activations import GELU, LeakyReLU, SiLU
from nets.layers.carriers import numbers
from nets.layers.convolution import Conv1d, Conv2d
from nets.layers.linear import Linear
from nets.layers.losses import cross_entropy, is_distribution, log_loss
from nets.layers.module import Module, ModuleCall, trace_modules
from nets.layers.recurrent import Recurrent
from nets.train.evaluation import Measure, in_mode
from nets.train.plots import Axes, new_axes

# Shares and ratios beyond which something is said.
DEAD = 0.5  # of the units, that are 0 for every example
SATURATED = 0.5  # of the outputs of tanh or σ, that are within 3 % of a limit
NEAR = 0.97
FADED = 1e-4  # of the gradients on the way back through the network
BLOWN = 1e4
LARGE = 100.0  # of inputs
BOLD, TIMID = 0.1, 1e-7  # updates, as parts of the weights
CONNECTING = (Linear, Conv1d, Conv2d)
INSIDE = (Recurrent, LeakyReLU, SiLU, GELU)  # in which tanh, σ and relu are but a part
SQUASHING = {"tanh": -1.0, "sigmoid": 0.0}  # the lower limit; the upper one is 1


@dataclass
class Layer:
    """What was measured of one module's output and parameters; NaN where there is none.

    Attributes:
        path: where the module stands in the network.
        kind: its class.
        spread: the standard deviation of its output.
        dead: the share of its units that are 0 for every example (after a ReLU).
        saturated: the share of its outputs that are near a limit (of tanh, σ).
        flow: the norm of the gradient that arrives at its output.
        gradient: the norm of its parameters' gradient.
        update: lr · gradient / weight, in norms.
    """

    path: str
    kind: str
    spread: float
    dead: float = math.nan
    saturated: float = math.nan
    flow: float = math.nan
    gradient: float = math.nan
    update: float = math.nan


@dataclass
class Diagnosis:
    """What `diagnose` found; `str` shows it as a table with remarks.

    Attributes:
        layers: the modules that computed something, in the order in which they did.
        remarks: what is odd, and what to try; empty where nothing is.
        through_time: of a recurrent network, the norm of the gradient at h1, h2, ...
    """

    layers: list[Layer]
    remarks: list[str] = field(default_factory=list)
    through_time: list[float] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.remarks

    def __str__(self) -> str:
        names = ["spread", "dead", "saturated", "flow", "gradient", "update"]
        rows = [["layer", *names]]
        for layer in self.layers:
            cells = [getattr(layer, name) for name in names]
            shown = ["" if math.isnan(x) else f"{x:.3g}" for x in cells]
            rows.append([f"{layer.path} {layer.kind}".strip(), *shown])
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, *(self.remarks or ["nothing odd"])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = "#2e7d32" if self.ok else "#b26a00"
        return (
            f'<div style="border-left:4px solid {colour};padding-left:.8em">'
            f"<pre>{html.escape(str(self))}</pre></div>"
        )

    def plot(self, axes: Axes = None) -> Axes:
        """The gradients' norms by layer, or by time step in a recurrent network, on a log scale."""
        axes = axes or new_axes()[0]
        if self.through_time:
            names = [f"h{t + 1}" for t in range(len(self.through_time))]
            norms = self.through_time
        else:
            learned = [x for x in self.layers if x.kind and not math.isnan(x.flow)]
            names = [layer.path or layer.kind for layer in learned]
            norms = [layer.flow for layer in learned]
        axes.plot(range(len(norms)), norms, marker="o")
        every = slice(None, None, 1 + len(norms) // 14)  # as many names as can be read
        axes.set_xticks(range(len(norms))[every], names[every], rotation=60, ha="right")
        axes.set(ylabel="norm of the gradient", yscale="log")
        return axes


def diagnose(
    model: Module,
    X: ArrayLike,
    y: ArrayLike | None = None,
    loss: Measure | None = None,
    *,
    lr: float | None = None,
) -> Diagnosis:
    """Run a network on some examples, and say what is odd inside it.

    It names units that are dead or saturated, gradients that vanish or explode (by layer, and by
    time step), parameters that get none, layers whose units are all alike, a softmax applied twice
    or along the wrong axis, a σ in front of `log_loss`, a ReLU at the end, inputs out of scale, and
    steps that are too large or too small. Neither parameters, gradients nor modes change.

    Args:
        X: some examples, shape (n, ...); 100 are plenty.
        y: their targets; with
        loss: gradients are looked at, too.
        lr: the learning rate, so that the size of updates is told.

    Raises:
        ValueError: only one of `y` and `loss` is given.

    >>> from nets import MLP
    >>> model = MLP(2, 8, 8, 1, rng=np.random.default_rng(0))
    >>> model.layers[0].bias.data -= 9.0
    >>> print(diagnose(model, np.random.default_rng(1).normal(size=(50, 2))).remarks[0])
    relu after layers.0: all 8 units are dead (0 for every example): lower the learning rate, ...
    """
    if (y is None) != (loss is None):
        raise ValueError("diagnose: y and loss belong together; give both, or neither")
    inputs, targets = np.asarray(X), None if y is None else np.asarray(y)
    copied = copy.deepcopy(model)  # whose statistics and random numbers nobody else sees
    if not all(isinstance(p, Tensor) for p in copied.parameters()):
        raise ValueError("diagnose looks at whole layers; call it before scalarize()")
    with in_mode(copied, training=True), np.errstate(all="ignore"):
        with trace_modules() as made_by:
            made: Any = copied(inputs)
        outputs = made[0] if isinstance(made, tuple) else made
        value: Any = None if loss is None else loss(outputs, targets)
        sent = {} if value is None else {s.node: s.gradient for s in autograd.steps(value)}
        found = _Examination(copied, inputs, outputs, targets, loss, sent, made_by, lr)
        remarks = list(dict.fromkeys(found.remarks()))
    return Diagnosis(found.layers, remarks, found.through_time)


class _Examination:
    """One run of a network, with the gradients that came back to its nodes."""

    def __init__(
        self,
        model: Module,
        inputs: NDArray[Any],
        outputs: Any,
        targets: NDArray[Any] | None,
        loss: Any,
        sent: dict[Node[Any], Any],
        made_by: dict[Node[Any], ModuleCall],
        lr: float | None,
    ) -> None:
        self.model, self.inputs, self.outputs, self.targets = model, inputs, outputs, targets
        self.loss, self.sent, self.lr = loss, sent, lr
        while isinstance(self.loss, partial):
            self.loss = self.loss.func
        self.modules = dict(model.named_modules())
        self.plain = numbers(outputs)
        self.layers: list[Layer] = []
        self.activations: list[tuple[Layer, NDArray[Any]]] = []
        states: dict[str, Node[Any]] = {}
        before = ""
        for path, nodes in _runs(made_by):
            module = self.modules.get(path)
            if isinstance(module, Recurrent):
                top = f" of l{module.num_layers - 1}" if module.num_layers > 1 else ""
                states |= {
                    x.label: x for x in nodes if x.label is not None and x.label.endswith(top)
                }
            for node in () if isinstance(module, INSIDE) else nodes:
                if node.op is not None and node.op.name in ("relu", *SQUASHING):
                    layer = self.of_activation(
                        f"{node.op.name} after {before or 'the input'}", node
                    )
                    self.activations.append((layer, np.asarray(node.raw)))
                    self.layers.append(layer)
            if module is not None and _own_parameters(module):
                self.layers.append(self.of_module(path, module, nodes[-1]))
                before = path or type(module).__name__
        flows = [self.flow(node) for node in states.values()]
        self.through_time = [] if any(map(math.isnan, flows)) else flows

    def flow(self, node: Node[Any]) -> float:
        gradient = self.sent.get(node)
        return math.nan if gradient is None else float(np.linalg.norm(gradient))

    def of_module(self, path: str, module: Module, output: Node[Any]) -> Layer:
        own = _own_parameters(module)
        gradients = [self.sent[p] for p in own if p in self.sent]
        norm = math.nan
        if gradients:
            norm = math.hypot(*(float(np.linalg.norm(g)) for g in gradients))
        size = math.hypot(*(float(np.linalg.norm(p.raw)) for p in own))
        update = self.lr * norm / size if self.lr is not None and size else math.nan
        spread = float(np.std(output.raw)) if output.size else math.nan
        kind = type(module).__name__
        return Layer(path, kind, spread, flow=self.flow(output), gradient=norm, update=update)

    def of_activation(self, name: str, node: Node[Any]) -> Layer:
        assert node.op is not None
        array = np.asarray(node.raw)
        layer = Layer(name, "", float(np.std(array)), flow=self.flow(node))
        if node.op.name == "relu":
            layer.dead = float(np.mean(_dead_units(array)))
        else:
            low = SQUASHING[node.op.name]
            scaled = np.abs(2 * (array - low) / (1 - low) - 1)
            layer.saturated = float(np.mean(scaled > NEAR))
        return layer

    # --- what is odd ---------------------------------------------------------------------------

    def remarks(self) -> Iterator[str]:
        if not np.isfinite(self.plain).all():
            bad = next((x for x in self.layers if not math.isfinite(x.spread)), None)
            where = f", first after {bad.path} {bad.kind}".rstrip() if bad else ""
            yield (
                f"the output is not finite{where}: begin with smaller weights, or look into the "
                f"inputs; autograd.viz.why_nonfinite tells where it began"
            )
            return
        yield from self.of_the_input()
        yield from self.of_units()
        yield from self.of_gradients()
        yield from self.of_time()
        yield from self.of_the_output()

    def of_the_input(self) -> Iterator[str]:
        if self.inputs.dtype.kind == "f" and self.inputs.size:
            largest = float(np.abs(self.inputs).max())
            if largest > LARGE:
                yield (
                    f"the inputs are as large as {largest:.3g}: scale them to a mean of 0 and a "
                    f"standard deviation of 1"
                )

    def of_units(self) -> Iterator[str]:
        for layer, array in self.activations:
            name = layer.path
            if layer.dead >= DEAD:
                units = _dead_units(array)
                dead, count = int(units.sum()), units.size
                which = f"all {count}" if dead == count else f"{dead} of {count}"
                yield (
                    f"{name}: {which} units are dead (0 for every example): lower the learning "
                    f"rate, begin with smaller biases, or use LeakyReLU"
                )
            if layer.saturated >= SATURATED:
                yield (
                    f"{name}: {layer.saturated:.0%} of its outputs are saturated, where no "
                    f"gradient passes: begin with smaller weights, scale the inputs, or normalise "
                    f"before it"
                )
        connecting = [x for x in self.modules.items() if isinstance(x[1], CONNECTING)]
        for path, module in connecting[:-1]:  # the last one's units learn from different targets
            rows: Any = vars(module)["weight"]
            if len(rows) > 1 and rows.size and np.ptp(rows.raw, axis=0).max() == 0:
                yield (
                    f"{path}: all its units have the same weights, and so will learn the same: "
                    f"begin with random ones (nets.initialisers)"
                )

    def of_gradients(self) -> Iterator[str]:
        if not self.sent:
            return
        for name, p in self.model.named_parameters():
            if p not in self.sent:
                yield f"{name}: the loss does not depend on it, so it can't learn: is it used?"
        flows = [(x, x.flow) for x in self.layers if x.flow > 0 and math.isfinite(x.flow)]
        if len(flows) > 1:
            (first, start), (last, end) = flows[0], flows[-1]
            way = f"from {last.path} back to {first.path}: by a factor of {start / end:.1g}"
            if start < FADED * end:
                yield (
                    f"gradients vanish {way}; use ReLUs, better initial weights (he_normal), "
                    f"normalisation, or residual connections"
                )
            elif start > BLOWN * end:
                yield (
                    f"gradients explode {way}; begin with smaller weights, normalise, or bound "
                    f"the gradients by max_norm"
                )
        updates = [(x.path, x.update) for x in self.layers if not math.isnan(x.update)]
        for path, update in updates:
            if update > BOLD:
                yield (
                    f"{path}: a step changes its weights by {update:.0%}: lower the learning rate"
                )
        if updates and max(update for _, update in updates) < TIMID:
            yield "no step changes weights by more than a ten-millionth: raise the learning rate"

    def of_time(self) -> Iterator[str]:
        norms = [x for x in self.through_time if x > 0]
        if len(norms) < 2:
            return
        ratio, way = norms[0] / norms[-1], f"through time, from h{len(self.through_time)} to h1"
        if ratio < FADED:
            yield f"gradients vanish {way}: by a factor of {ratio:.1g}; use LSTM or GRU"
        elif ratio > BLOWN:
            yield f"gradients explode {way}: by a factor of {ratio:.1g}; bound them by max_norm"

    def of_the_output(self) -> Iterator[str]:
        out = self.plain
        last = getattr(getattr(self.outputs, "op", None), "name", "")
        several = out.ndim > 1 and len(out) > 1
        if self.loss is cross_entropy and is_distribution(out):
            yield (
                "the output is a softmax's, and cross_entropy takes another one: let the model end "
                "in logits"
            )
        elif several and (out >= 0).all() and np.allclose(out.sum(axis=0), 1) and len(out) > 2:
            yield (
                "the columns of the output add up to 1, not its rows: the softmax goes along the "
                "examples; pass axis=-1"
            )
        if self.loss is log_loss and last == "sigmoid":
            yield "the output is a σ's, and log_loss takes another one: let the model end in logits"
        negative = self.targets is not None and np.any(self.targets < 0)
        if last == "relu" and (negative or self.loss in (cross_entropy, log_loss)):
            yield "the output is a ReLU's, so it is never negative: leave the last ReLU out"
        varied = self.inputs.size and np.ptp(self.inputs, axis=0).max() > 0
        if several and varied and np.ptp(out, axis=0).max() <= 1e-9 * np.abs(out).max(initial=1.0):
            yield (
                "the output is the same for all examples: what comes in is lost on the way, by "
                "dead units or weights of 0"
            )


def _runs(made_by: dict[Node[Any], ModuleCall]) -> Iterator[tuple[str, list[Node[Any]]]]:
    """The nodes in the order in which they were made, those of one call together."""
    for path, group in itertools.groupby(made_by.items(), lambda item: item[1].path):
        yield path, [node for node, _ in group]


def _own_parameters(module: Module) -> list[Tensor]:
    inner = {p for _, child in module.named_children() for p in child.parameters()}
    return [p for p in module.parameters() if p not in inner]


def _dead_units(array: NDArray[Any]) -> NDArray[Any]:
    """Which units, of the channels of images or else the last axis, are 0 for every example."""
    axis = 1 if array.ndim == 4 else array.ndim - 1
    others = tuple(i for i in range(array.ndim) if i != axis)
    return np.atleast_1d((array == 0).all(axis=others))
