"""Checkpoints: all that a training needs to go on bit for bit as if it had never stopped.

A checkpoint is a file of `nets.train.saving`. It holds the model's weights under their own names,
so that `nets.load` and other programs read them as from any saved model, and under `training/`:

- `training/optimiser/...`: the optimiser's state,
- `training/order`: the order of the examples in the epoch that is under way, empty between epochs,
- `training/best/...`: the weights of the best epoch so far, where early stopping needs them,
- `training/state`: the rest as JSON in UTF-8, with the states of all random generators.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nets.layers.module import Module
from nets.train.optimiser import Optimiser
from nets.train.plots import History
from nets.train.saving import TRAINING, Arrays, File, read_arrays, write_arrays

OPTIMISER, BEST = f"{TRAINING}optimiser/", f"{TRAINING}best/"
ORDER, STATE = f"{TRAINING}order", f"{TRAINING}state"


@dataclass
class Progress:
    """Where a training stands between two mini-batches.

    Attributes:
        history: the epochs that are complete.
        order: the order of the examples in the epoch that is under way; empty between epochs.
        batch: how many of its mini-batches are done.
        totals: the sums of their measurements over the examples.
        best: the model's state after its best epoch, where early stopping needs it.
    """

    history: History = field(default_factory=History)
    order: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    batch: int = 0
    totals: dict[str, float] = field(default_factory=dict)
    best: Arrays = field(default_factory=dict)

    def end_epoch(self, row: dict[str, float]) -> None:
        """Note what was measured, and stand before the next epoch."""
        self.history.rows.append(row)
        self.order, self.batch, self.totals = self.order[:0], 0, {}


def save_checkpoint(
    path: File,
    model: Module,
    optimiser: Optimiser,
    generators: Sequence[np.random.Generator],
    progress: Progress,
    settings: Mapping[str, Any],
) -> None:
    """Write a checkpoint; an interruption leaves the old one, or the new one, whole.

    Args:
        generators: every source of random numbers that the training draws from.
        settings: what the training was started with, as JSON can hold it.
    """
    state = {
        "settings": dict(settings),
        "history": progress.history.rows,
        "batch": progress.batch,
        "totals": progress.totals,
        "generators": [generator.bit_generator.state for generator in generators],
    }
    text = json.dumps(state, default=np.ndarray.tolist)  # some generators' states hold arrays
    write_arrays(
        {
            **model.state_dict(),
            **{OPTIMISER + name: array for name, array in optimiser.state_dict().items()},
            **{BEST + name: array for name, array in progress.best.items()},
            ORDER: progress.order,
            STATE: np.frombuffer(text.encode(), np.uint8),
        },
        path,
    )


def load_checkpoint(
    path: File,
    model: Module,
    optimiser: Optimiser,
    generators: Sequence[np.random.Generator],
    settings: Mapping[str, Any],
) -> Progress:
    """Put model, optimiser and generators back where they were, and say where that is.

    Raises:
        ValueError: the file is no whole checkpoint, or one of another model, optimiser or settings;
            nothing has changed then.
        ImportError, OSError: as `nets.train.saving.read_arrays` does.
    """
    arrays = read_arrays(path)
    state = _state(arrays, path)
    require_settings(path, state["settings"], settings)
    kinds = [generator.bit_generator.state["bit_generator"] for generator in generators]
    saved = [generator["bit_generator"] for generator in state["generators"]]
    if kinds != saved:
        raise ValueError(
            f"{path} must be resumed with the kinds of random generators that it was begun with, "
            f"{', '.join(saved)}, got {', '.join(kinds)}; pass the same"
        )
    before = model.state_dict()
    try:
        model.load_state_dict({n: a for n, a in arrays.items() if not n.startswith(TRAINING)})
        optimiser.load_state_dict(_inside(arrays, OPTIMISER))
    except (KeyError, ValueError) as error:
        model.load_state_dict(before)
        raise ValueError(f"{path} does not fit: {error.args[0]}") from error
    for generator, its_state in zip(generators, state["generators"], strict=True):
        generator.bit_generator.state = its_state
    return Progress(
        History(state["history"]),
        arrays[ORDER],
        state["batch"],
        state["totals"],
        _inside(arrays, BEST),
    )


def require_settings(path: File, saved: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """
    Raises:
        ValueError: the checkpoint was begun with another setting than one of those `given`.
    """
    for name, value in given.items():
        if saved.get(name) != value:
            raise ValueError(
                f"{path} must be resumed with the settings it was begun with, "
                f"{name}={saved.get(name)!r}, got {name}={value!r}; pass the same"
            )


def read_settings(path: File) -> dict[str, Any]:
    """What the training of a checkpoint was started with.

    Raises:
        ValueError: the file is no whole checkpoint.
        ImportError, OSError: as `nets.train.saving.read_arrays` does.
    """
    return dict(_state(read_arrays(path), path)["settings"])


def _state(arrays: Arrays, path: File) -> dict[str, Any]:
    if STATE not in arrays:
        raise ValueError(
            f"{path} must be a checkpoint to resume from, got weights alone; "
            f"read it with nets.load, or train with checkpoint="
        )
    return dict(json.loads(arrays[STATE].tobytes()))


def _inside(arrays: Arrays, folder: str) -> Arrays:
    return {n.removeprefix(folder): array for n, array in arrays.items() if n.startswith(folder)}
