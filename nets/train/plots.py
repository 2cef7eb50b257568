"""`History`, and pictures of a training by matplotlib, which loads when it is first used."""

import html
import io
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import autograd
from nets.layers.carriers import numbers
from nets.layers.module import Module

Axes = Any  # matplotlib's, which has no types


@dataclass
class History:
    """One row of measurements per epoch; `str` shows them as a table.

    `history["loss"]` is a column. Those of `nets.fit` are `loss` and each metric's name, averaged
    over the epoch's mini-batches as they were met; the same of the validation data with `val_`
    before them; and `seconds`.

    Attributes:
        rows: a dict per epoch, from measurement to number.
        stopped: why training ended before its last epoch; empty otherwise.
        remarks: what `fit(watch=True)` found odd, each where it came up first.

    >>> history = History([{"loss": 0.5, "val_loss": 0.75}, {"loss": 0.25, "val_loss": 0.5}])
    >>> history["loss"], history.best("val_loss")
    ([0.5, 0.25], 2)
    >>> print(history)
    epoch     loss  val_loss
        1   0.5000    0.7500
        2   0.2500    0.5000
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    stopped: str = ""
    remarks: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> list[float]:
        if not self.rows or name not in self.rows[0]:
            known = ", ".join(self.rows[0]) if self.rows else "nothing yet"
            raise KeyError(f"{name!r} was not measured; the history has: {known}")
        return [row[name] for row in self.rows]

    def best(self, name: str) -> int:
        """The first epoch, counted from 1, in which `name` was least; 0 where it was always NaN."""
        column = self[name]
        known = [number for number in column if not math.isnan(number)]
        return column.index(min(known)) + 1 if known else 0

    def _repr_html_(self) -> str:
        """The curves of the losses, where matplotlib is installed, and the table."""
        table = f"<pre>{html.escape(str(self))}</pre>"
        if not self.rows:
            return table
        try:
            axes = self.plot()
        except ImportError:
            return table
        picture = io.StringIO()
        axes.figure.savefig(picture, format="svg")
        svg = picture.getvalue()
        return svg[svg.index("<svg") :] + table

    def __str__(self) -> str:
        if not self.rows:
            return "no epoch yet"
        widths = {name: max(len(name), 7) for name in self.rows[0]}
        lines = ["epoch" + "".join(f"  {name:>{width}}" for name, width in widths.items())]
        for epoch, row in enumerate(self.rows, start=1):
            cells = (f"  {row[name]:>{width}.4f}" for name, width in widths.items())
            lines.append(f"{epoch:>5}" + "".join(cells))
        return "\n".join([*lines, *self.remarks, *([self.stopped] if self.stopped else [])])

    def plot(self, axes: Axes = None) -> Axes:
        """Draw the curves of the losses with matplotlib; returns the axes they are in."""
        return plot_losses(self, axes)


def new_axes(count: int = 1) -> list[Axes]:
    """Matplotlib axes side by side, in a figure of their own (`axes.figure.savefig(...)`).

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(
            "plots need matplotlib, which is not installed; pip install 'gradwalk[notebooks]'"
        ) from None
    figure = Figure(figsize=(5 * count, 4), layout="constrained")
    return list(figure.subplots(1, count, squeeze=False)[0])


def plot_losses(history: History, axes: Axes = None, *, other: str = "validation") -> Axes:
    """The curves of the training and the validation loss; returns the axes they are in.

    Args:
        axes: where to draw; by default those of `new_axes`.
        other: what the validation data are called.
    """
    axes = axes or new_axes()[0]
    epochs = range(1, len(history.rows) + 1)
    axes.plot(epochs, history["loss"], label="training")
    if "val_loss" in history.rows[0]:
        axes.plot(epochs, history["val_loss"], label=other)
    axes.set(xlabel="epoch", ylabel="loss", yscale="log")
    axes.legend()
    return axes


def plot_boundary(model: Module, X: ArrayLike, y: ArrayLike, axes: Axes = None) -> Axes:
    """Points in the plane over what a model makes of it; returns the axes they are in.

    Args:
        model: (n, 2) to (n, 1) logits of class 1, or to (n, classes) logits; the lines are where
            one class becomes more likely than another.
        X: the points, shape (n, 2).
        y: their classes, integers from 0 upwards, shape (n,) or (n, 1).
        axes: where to draw; by default those of `new_axes`.
    """
    points, classes = np.asarray(X), np.ravel(y)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(classes):
        raise ValueError(
            f"plot_boundary: X must be points of shape (n, 2) and y a class of each, got shapes "
            f"{points.shape} and {np.shape(y)}"
        )
    axes = axes or new_axes()[0]
    margin = 0.1 * np.ptp(points, axis=0)
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    x1, x2 = np.meshgrid(*(np.linspace(a, b, 200) for a, b in zip(low, high, strict=True)))
    with autograd.no_grad():
        logits = numbers(model(np.stack([x1.ravel(), x2.ravel()], axis=1))).reshape(*x1.shape, -1)
    if logits.shape[-1] <= 2:
        other = logits[..., 0] if logits.shape[-1] == 2 else 0.0
        probability = autograd.sigmoid(logits[..., -1] - other)
        axes.contourf(x1, x2, probability, levels=np.linspace(0, 1, 11), cmap="PuOr", alpha=0.4)
        axes.contour(x1, x2, probability, levels=[0.5], colors="black", linewidths=1)
        colours = ["tab:orange", "tab:purple"]
    else:
        colours = [f"C{i}" for i in range(logits.shape[-1])]
        levels = np.arange(len(colours) + 1) - 0.5
        axes.contourf(x1, x2, logits.argmax(axis=-1), levels=levels, colors=colours, alpha=0.3)
    for label, colour in enumerate(colours):
        axes.scatter(
            *points[classes == label].T, s=16, color=colour, edgecolors="white", linewidths=0.4
        )
    axes.set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    return axes
