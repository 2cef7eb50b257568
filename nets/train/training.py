"""`fit`: training in mini-batches."""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd
from nets.layers.initialisers import checked_rng
from nets.layers.module import Module
from nets.train.checkpoint import Progress, load_checkpoint, save_checkpoint
from nets.train.evaluation import Data, Measure, add_up, evaluate, examples, in_mode, measured
from nets.train.optimisers import Optimiser, clip_grad_norm
from nets.train.passes import Passes
from nets.train.plots import History
from nets.train.saving import File, format_of
from nets.train.threads import limited

PAYS = 12  # mini-batches of a size that are recorded, before one more is to be replayed
Augment = Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]


def fit(
    model: Module,
    data: Data,
    *,
    loss: Measure,
    optimiser: Optimiser,
    epochs: int,
    rng: np.random.Generator,
    batch_size: int = 32,
    validation: Data | None = None,
    metrics: Mapping[str, Measure] | None = None,
    augment: Augment | None = None,
    max_norm: float | None = None,
    patience: int | None = None,
    checkpoint: File | None = None,
    checkpoint_every: int | None = None,
    resume: File | None = None,
    settings: Mapping[str, Any] | None = None,
    compile: bool = True,
    threads: int | None = None,
    progress: bool | None = None,
) -> History:
    """Train `model` on mini-batches, in an order that is drawn anew in each epoch.

    Args:
        model: called on arrays of examples; it is in training mode meanwhile.
        data: the examples, shape (n, ...), and their targets, shape (n, ...).
        loss: `loss(outputs, targets)`, a node of one number, the mean over the examples.
        optimiser: moves the model's parameters; it brings the learning rate or its schedule.
        epochs: how many passes over the data are made in all.
        rng: draws the orders, and is given to `augment`.
        batch_size: examples per step; the last mini-batch of an epoch may have fewer.
        validation: data to evaluate after each epoch.
        metrics: more to measure, by name: `metric(outputs, targets)` on plain numbers gives a mean
            over the examples, as `accuracy` does.
        augment: `augment(examples, rng)` gives the examples of a mini-batch a new look.
        max_norm: scale the gradients of a step down to this common norm.
        patience: stop after so many epochs without a new least validation loss. The model ends
            with the weights of its best epoch then, also where it never comes to that.
        checkpoint: a file (`.npz`, or `.safetensors` with this extra) that is written after each
            epoch. It holds the last weights, to go on from.
        checkpoint_every: write it within the epochs, too, after so many mini-batches each time.
        resume: a checkpoint to go on from, in the middle of an epoch or after one, given the
            other arguments as they were (`epochs` may differ): on the same machine the final
            weights are, bit for bit, those of a training that was never interrupted.
        settings: more that must be the same when the checkpoint is resumed, as JSON can hold it.
        compile: replay both passes (`autograd.tape.compile`) from the 13th mini-batch of a size on,
            instead of recording a graph for each: the same training, faster. Losses and gradients
            are the same to the bit where sums are added up in the same order, and to 1e-13 (of
            float32: 1e-5) of the largest elsewhere; the random numbers are the same. What is
            replayed are modules and losses of `nets`, with functions of `nets`, `autograd` or
            NumPy as activations. Code of your own may do anything (print, count, draw), so it runs
            each time; `steady = True`, set on your function or your class (no subclass inherits
            it), promises that it only computes, with autograd's functions, from arguments that are
            Tensors then. Nothing is replayed where somebody observes, as within
            `autograd.viz.detect_anomaly`.
        threads: on which matrix products run, which needs threadpoolctl. By default one where the
            work is small, as several would take longer then, and NumPy's own number else.
        progress: whether to show a progress bar, which needs tqdm. By default where the standard
            error stream is a terminal and tqdm is installed.

    Returns:
        The measurements of all epochs.

    Raises:
        ValueError: arguments that don't fit together, or a `resume` file that doesn't fit them.
        autograd.viz.NonFiniteError: the loss, or a gradient, is NaN or infinite; it names the
            first operation to blame. The model has the weights of before that mini-batch.
        ImportError: an extra is asked for that is not installed.

    >>> from nets import MLP, Adam, accuracy, data, log_loss
    >>> rng = np.random.default_rng(0)
    >>> X, y = data.circle(100, rng=rng)
    >>> model = MLP(2, 8, 1, rng=rng)
    >>> adam = Adam(model.parameters(), lr=0.03)
    >>> history = fit(
    ...     model, (X, y[:, None]), loss=log_loss, optimiser=adam, epochs=20, rng=rng,
    ...     metrics={"accuracy": accuracy},
    ... )
    >>> history["accuracy"][-1] > 0.9
    True
    """
    inputs, targets = examples(data)
    counts = {"epochs": epochs, "batch_size": batch_size, "patience": patience}
    _check(validation, checkpoint, **counts, checkpoint_every=checkpoint_every)
    generators = _generators(model, rng)
    fixed = {**(settings or {}), "examples": len(inputs), "batch_size": batch_size}
    now = Progress()
    if resume is not None:
        now = load_checkpoint(resume, model, optimiser, generators, fixed)
    history, metrics = now.history, metrics or {}
    passes = Passes(model, loss, optimiser.parameters, generators)
    learner = _Learner(
        inputs, targets, batch_size, augment, passes, optimiser, max_norm, metrics, rng, compile
    )
    batches = learner.batches

    def save() -> None:
        if checkpoint is not None:
            everything = {**fixed, "epochs": epochs}
            save_checkpoint(checkpoint, model, optimiser, generators, now, everything)

    numbers = sum(parameter.size for parameter in optimiser.parameters)
    with (
        limited(threads, min(batch_size, len(inputs)) * numbers),
        in_mode(model, training=True),
        _bar(progress, epochs * batches, len(history) * batches + now.batch) as bar,
        np.errstate(all="ignore"),  # what isn't finite is reported once, by name
    ):
        while len(history) < epochs and not _is_stuck(history, patience):
            started = time.perf_counter()
            for done in learner.epoch(now):
                if bar:
                    bar.update()
                if checkpoint_every and done % checkpoint_every == 0:
                    save()
            row = {name: total / len(inputs) for name, total in now.totals.items()}
            if validation is not None:
                found = evaluate(model, validation, loss=loss, metrics=metrics)
                row |= {f"val_{name}": number for name, number in found.items()}
            now.end_epoch({**row, "seconds": time.perf_counter() - started})
            if patience is not None and history.best("val_loss") == len(history):
                now.best = model.state_dict()
            if bar:
                bar.set_postfix(row)
            save()
    if patience is not None and history.rows:
        _go_back_to_the_best(model, now, patience)
    return history


@dataclass
class _Learner:
    """Takes the optimiser's steps, each on a mini-batch; fields as the arguments of `fit`."""

    inputs: NDArray[Any]
    targets: NDArray[Any]
    batch_size: int
    augment: Augment | None
    passes: Passes
    optimiser: Optimiser
    max_norm: float | None
    metrics: Mapping[str, Measure]
    rng: np.random.Generator
    compile: bool

    @property
    def batches(self) -> int:
        """How many mini-batches an epoch has."""
        return math.ceil(len(self.inputs) / self.batch_size)

    def epoch(self, now: Progress) -> Iterator[int]:
        """What is left of an epoch; after each of its mini-batches, how many are done."""
        if now.batch == 0:
            now.order = self.rng.permutation(len(self.inputs))
        while now.batch < self.batches:
            self.step(now)
            now.batch += 1
            yield now.batch

    def step(self, now: Progress) -> None:
        """Learn from the next mini-batch, and add up what is measured of it."""
        first = now.batch * self.batch_size
        rows = now.order[first : first + self.batch_size]
        x, y = self.inputs[rows], self.targets[rows]
        if self.augment is not None:
            x = self.augment(x, self.rng)
        replay = self.compile and x.shape[1:] == self.inputs.shape[1:] and self.pays(now, len(rows))
        value, outputs = (self.passes.replay if replay else self.passes.record)(x, y)
        norm = clip_grad_norm(self.optimiser.parameters, self.max_norm or math.inf)
        number = value.item() if isinstance(value, autograd.Node) else value
        if not math.isfinite(number) or not math.isfinite(norm):
            if not isinstance(value, autograd.Node):
                value, _ = self.passes.record_again(x, y)
            raise _diverged(value, len(now.history) + 1)
        self.optimiser.step()
        found = {"loss": number, **measured(self.metrics, outputs, y)}
        add_up(now.totals, found, len(rows))

    def pays(self, now: Progress, size: int) -> bool:
        """Whether enough mini-batches of this size came before that one more is to be replayed.

        They are counted, not remembered: a training that is resumed must do the same.
        """
        epoch, whole = len(now.history), len(self.inputs) // self.batch_size
        return (epoch if size < self.batch_size else epoch * whole + now.batch) >= PAYS


def _diverged(loss: autograd.Node[Any], epoch: int) -> ArithmeticError:
    """The error that says why a loss, or a gradient of it, is not finite."""
    from autograd.viz import why_nonfinite

    error = why_nonfinite(loss) or ArithmeticError(
        "the norm of all gradients must be finite, got an overflow; scale the loss down"
    )
    error.add_note(f"in epoch {epoch}; the weights are those of before that mini-batch")
    return error


def _is_stuck(history: History, patience: int | None) -> bool:
    if patience is None or not history.rows:
        return False
    return len(history) - history.best("val_loss") >= patience


def _go_back_to_the_best(model: Module, now: Progress, patience: int) -> None:
    """Give the model the weights of its best epoch, and say so where that ended the training."""
    model.load_state_dict(now.best)
    if _is_stuck(now.history, patience):
        best = now.history.best("val_loss")
        now.history.stopped = f"stopped: no validation loss below that of epoch {best} since then"


def _check(validation: Data | None, checkpoint: File | None, **counts: int | None) -> None:
    """Find what would go wrong only after an epoch of work."""
    for name, count in counts.items():
        if count is not None and count < 1:
            raise ValueError(f"fit: {name} must be at least 1, got {count}; raise it")
    if counts["patience"] is not None and validation is None:
        raise ValueError("fit: patience needs validation data to watch, got None; pass validation=")
    if checkpoint is not None:
        format_of(checkpoint)
        if not (folder := Path(checkpoint).resolve().parent).is_dir():
            raise ValueError(
                f"fit: the checkpoint's folder must exist, got {folder}; make it first"
            )
    elif counts["checkpoint_every"] is not None:
        raise ValueError("fit: checkpoint_every needs a file, got checkpoint=None; name one")


def _generators(model: Module, rng: np.random.Generator) -> list[np.random.Generator]:
    """Every random generator that a training draws from, once."""
    held = (value for _, module in model.named_modules() for value in vars(module).values())
    found = [checked_rng(rng), *(value for value in held if isinstance(value, np.random.Generator))]
    return list({id(generator): generator for generator in found}.values())


def _bar(wanted: bool | None, total: int, done: int) -> AbstractContextManager[Any]:
    """A tqdm progress bar as a context manager; one of None where none is wanted."""
    if wanted is None:
        wanted = sys.stderr.isatty() and find_spec("tqdm") is not None
    if not wanted:
        return nullcontext()
    try:
        from tqdm import tqdm
    except ImportError:
        raise ImportError(
            "a progress bar needs tqdm, which is not installed; "
            "pip install 'gradwalk[training]', or pass progress=False"
        ) from None
    return tqdm(total=total, initial=done, unit="batch")
