"""`History`: what every epoch of a training measured, to print and to plot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nets.train.plots import plot_losses


@dataclass
class History:
    """One row of measurements per epoch; `str` shows them as a table.

    `history["loss"]` is a column. Those of `nets.fit` are `loss` and each metric's name, averaged
    over the epoch's mini-batches as they were met; the same of the validation data with `val_`
    before them; and `seconds`.

    Attributes:
        rows: a dict per epoch, from measurement to number.
        stopped: why training ended before its last epoch; empty otherwise.

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

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> list[float]:
        if not self.rows or name not in self.rows[0]:
            known = ", ".join(self.rows[0]) if self.rows else "nothing yet"
            raise KeyError(f"{name!r} was not measured; the history has: {known}")
        return [row[name] for row in self.rows]

    def best(self, name: str) -> int:
        """The first epoch, counted from 1, in which `name` was least."""
        column = self[name]
        return column.index(min(column)) + 1

    def __str__(self) -> str:
        if not self.rows:
            return "no epoch yet"
        widths = {name: max(len(name), 7) for name in self.rows[0]}
        lines = ["epoch" + "".join(f"  {name:>{width}}" for name, width in widths.items())]
        for epoch, row in enumerate(self.rows, start=1):
            cells = (f"  {row[name]:>{width}.4f}" for name, width in widths.items())
            lines.append(f"{epoch:>5}" + "".join(cells))
        return "\n".join([*lines, self.stopped] if self.stopped else lines)

    def plot(self, axes: Any = None) -> Any:
        """Draw the curves of the losses with matplotlib; returns the axes they are in."""
        return plot_losses(self, axes)
