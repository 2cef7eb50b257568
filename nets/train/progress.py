"""What `fit` shows while it trains, on the standard error stream: a bar, or a line an epoch."""

import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from typing import Any, Self

SECONDS = 1.0  # at most one line in so many
PATIENCE = 10.0  # within an epoch, a line in so many


def shown(wanted: bool | None, epochs: int, batches: int, done: int) -> AbstractContextManager[Any]:
    """A progress bar of tqdm's in a terminal, lines elsewhere and without it; or None.

    Args:
        wanted: False: nothing is shown; True: the bar; None: what suits the stream.
        epochs: how many there are, each of so many
        batches: of which `done` were made before.
    """
    if wanted is False:
        return nullcontext()
    if wanted is None and not (sys.stderr.isatty() and find_spec("tqdm") is not None):
        return Lines(epochs, batches, done)
    try:
        from tqdm import tqdm
    except ImportError:
        raise ImportError(
            "a progress bar needs tqdm, which is not installed; "
            "pip install 'gradwalk[training]', or leave progress= out for a line an epoch"
        ) from None
    return tqdm(total=epochs * batches, initial=done, unit="batch")


class Lines:
    """A line after an epoch, at most one a second; in long epochs also one on the way.

    It has the methods of tqdm's bar that `fit` calls.
    """

    def __init__(self, epochs: int, batches: int, done: int) -> None:
        self.epochs, self.batches, self.done = epochs, batches, done
        self.last, self.wait = time.monotonic(), SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self) -> None:
        """A mini-batch more is done."""
        self.done += 1
        epoch, batch = divmod(self.done, self.batches)
        if batch and time.monotonic() - self.last >= self.wait:
            self._write(f"epoch {epoch + 1}/{self.epochs}: {batch}/{self.batches} batches")

    def set_postfix(self, row: Mapping[str, float]) -> None:
        """An epoch is done; this was measured."""
        epoch = self.done // self.batches
        if time.monotonic() - self.last >= SECONDS:
            measured = ", ".join(f"{name} {number:.4g}" for name, number in row.items())
            self._write(f"epoch {epoch}/{self.epochs}: {measured}")

    def _write(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
        self.last, self.wait = time.monotonic(), PATIENCE
