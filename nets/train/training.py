"""`fit`: training in mini-batches."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd
from nets.layers.initialisers import checked_rng
from nets.layers.module import Module
from nets.train.checkpoint import Progress, load_checkpoint, save_checkpoint
from nets.train.diagnosis import Diagnosis, diagnose
from nets.train.evaluation import Data, Measure, add_up, evaluate, examples, in_mode, measured
from nets.train.groups import Raw, gradient_of
from nets.train.optimiser import Optimiser, clip_grad_norm
from nets.train.passes import Passes
from nets.train.plots import History
from nets.train.progress import shown
from nets.train.saving import File, format_of
from nets.train.threads import limited

PAYS = 12  # mini-batches of a size that are recorded, before one more is to be replayed
Augment = Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]
OnStep = Callable[[int, float], object]
OnEpoch = Callable[[History], object]


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
    drop_last: bool = False,
    accumulate: int = 1,
    on_step: OnStep | None = None,
    on_epoch: OnEpoch | None = None,
    watch: bool = False,
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
        progress: True: show a bar, which needs tqdm; False: show nothing. By default the bar where
            the standard error stream is a terminal and tqdm is installed, and elsewhere a line an
            epoch, at most one a second.
        drop_last: leave out the last mini-batch of an epoch where it has fewer examples.
        accumulate: compute each mini-batch in so many parts, one after the other, and add up their
            gradients: the same step in less memory (but for batch norm, which sees a part only).
        on_step: `on_step(steps, loss)` is called after each step of the optimiser,
        on_epoch: `on_epoch(history)` after each epoch; what is true ends the training.
        watch: `diagnose` the model after each epoch, on 256 examples, and note what is odd in the
            history's `remarks`.

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
    counts |= {"checkpoint_every": checkpoint_every, "accumulate": accumulate}
    _check(validation, checkpoint, targets, **counts)
    _check_parameters(model, optimiser, max_norm)
    generators = _generators(model, rng)
    fixed = {**(settings or {}), "examples": len(inputs), "batch_size": batch_size}
    measures = sorted(metrics or {}) + ["validation"] * (validation is not None)
    fixed |= {"drop_last": drop_last, "measured": measures}
    now = Progress()
    if resume is not None:
        now = load_checkpoint(resume, model, optimiser, generators, fixed)
    history, metrics = now.history, metrics or {}
    passes = Passes(model, loss, optimiser.parameters, generators)
    learner = _Learner(
        inputs, targets, batch_size, augment, passes, optimiser, max_norm, metrics, rng, compile,
        drop_last, accumulate,
    )  # fmt: skip
    batches = learner.batches

    def save() -> None:
        if checkpoint is not None:
            everything = {**fixed, "epochs": epochs}
            save_checkpoint(checkpoint, model, optimiser, generators, now, everything)

    numbers = sum(parameter.size for parameter in optimiser.parameters)
    with (
        limited(threads, min(batch_size, len(inputs)) * numbers),
        in_mode(model, training=True),
        shown(progress, epochs, batches, len(history) * batches + now.batch) as bar,
        np.errstate(all="ignore"),  # what isn't finite is reported once, by name
    ):
        while len(history) < epochs and not _is_stuck(history, patience) and not history.stopped:
            started = time.perf_counter()
            for done in learner.epoch(now):
                if bar:
                    bar.update()
                if checkpoint_every and done % checkpoint_every == 0:
                    save()
                if on_step is not None and on_step(optimiser.steps, learner.losses[-1]):
                    history.stopped = f"stopped by on_step after {optimiser.steps} steps"
                    save()
                    break
            if now.batch < batches:
                break
            row = {name: total / learner.examples for name, total in now.totals.items()}
            if validation is not None:
                found = evaluate(model, validation, loss=loss, metrics=metrics)
                row |= {f"val_{name}": number for name, number in found.items()}
            now.end_epoch({**row, "seconds": time.perf_counter() - started})
            if patience is not None and history.best("val_loss") == len(history):
                now.best = model.state_dict()
            if bar:
                bar.set_postfix(row)
            save()
            if watch:
                _remark(history, diagnose(model, inputs[:256], targets[:256], loss))
            if on_epoch is not None and on_epoch(history):
                history.stopped = f"stopped by on_epoch after epoch {len(history)}"
    if patience is not None and now.best:
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
    drop_last: bool = False
    accumulate: int = 1
    losses: list[float] = field(default_factory=list)  # the first, and the last

    @property
    def batches(self) -> int:
        """How many mini-batches an epoch has."""
        whole = len(self.inputs) / self.batch_size
        return max(math.floor(whole), 1) if self.drop_last else math.ceil(whole)

    @property
    def examples(self) -> int:
        """How many examples an epoch sees."""
        return min(self.batches * self.batch_size, len(self.inputs))

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
        passes = self.passes.replay if replay else self.passes.record
        if self.accumulate == 1:
            value, found = self.learnt(passes, x, y)
        else:
            value, found = self.in_parts(passes, x, y)
        norm = clip_grad_norm(self.optimiser.parameters, self.max_norm or math.inf)
        if not math.isfinite(found["loss"]) or not math.isfinite(norm):
            if not isinstance(value, autograd.Node):
                value, _ = self.passes.record_again(x, y)
            raise self.diverged(value, len(now.history) + 1)
        if not self.losses:
            self.must_learn()
        self.optimiser.step()
        self.losses = [self.losses[0] if self.losses else found["loss"], found["loss"]]
        add_up(now.totals, found, len(rows))

    def learnt(self, passes: Callable[..., Any], x: Any, y: Any) -> tuple[Any, dict[str, float]]:
        """The loss of some examples, a node or a number, and all that is measured of them."""
        value, outputs = passes(x, y)
        number = value.item() if isinstance(value, autograd.Node) else value
        return value, {"loss": number, **measured(self.metrics, outputs, y)}

    def in_parts(self, passes: Callable[..., Any], x: Any, y: Any) -> tuple[Any, dict[str, float]]:
        """The same of parts, one after the other; the gradients are those of all together."""
        sums: list[Raw | None] = [None] * len(self.optimiser.parameters)
        totals: dict[str, float] = {}
        pieces = min(self.accumulate, len(y))
        for own_x, own_y in zip(np.array_split(x, pieces), np.array_split(y, pieces), strict=True):
            value, found = self.learnt(passes, own_x, own_y)
            part = len(own_y) / len(y)
            add_up(totals, found, part)
            if not math.isfinite(found["loss"]):
                return value, totals
            for i, parameter in enumerate(self.optimiser.parameters):
                gradient, before = gradient_of(parameter), sums[i]
                if gradient is not None:
                    own = gradient * part
                    sums[i] = own if before is None else before + own
        for parameter, gradient in zip(self.optimiser.parameters, sums, strict=True):
            parameter.grad = gradient
        return value, totals

    def must_learn(self) -> None:
        """That the first step moves anything at all."""
        if all(gradient_of(parameter) is None for parameter in self.optimiser.parameters):
            raise ValueError(
                "fit: the loss must depend on the optimiser's parameters, got one that reaches "
                "none of them; compute it from the outputs themselves, not from their .data"
            )

    def diverged(self, loss: autograd.Node[Any], epoch: int) -> ArithmeticError:
        """The error that says why a loss, or a gradient of it, is not finite."""
        from autograd.viz import why_nonfinite

        error = why_nonfinite(loss) or ArithmeticError(
            "the norm of all gradients must be finite, got an overflow; scale the loss down"
        )
        error.add_note(f"in epoch {epoch}; the weights are those of before that mini-batch")
        if self.losses and not self.losses[-1] <= 2 * self.losses[0]:
            first, last = self.losses
            error.add_note(
                f"the loss had risen from {first:.3g} to {last:.3g}: the steps are too large; "
                f"lower the learning rate, {self.optimiser.lr:g}, or bound gradients by max_norm"
            )
        return error

    def pays(self, now: Progress, size: int) -> bool:
        """Whether enough mini-batches of this size came before that one more is to be replayed.

        They are counted, not remembered: a training that is resumed must do the same.
        """
        epoch, whole = len(now.history), len(self.inputs) // self.batch_size
        return (epoch if size < self.batch_size else epoch * whole + now.batch) >= PAYS


def _remark(history: History, found: Diagnosis) -> None:
    """Note what was not remarked before of the same place, however much it is now."""
    for remark in found.remarks:
        place = f": {remark.partition(':')[0]}:"
        if not any(place in known for known in history.remarks):
            history.remarks.append(f"after epoch {len(history)}: {remark}")


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


def _check(
    validation: Data | None,
    checkpoint: File | None,
    targets: NDArray[Any],
    **counts: int | None,
) -> None:
    """Find what would go wrong only after an epoch of work."""
    for name, count in counts.items():
        if count is not None and count < 1:
            raise ValueError(f"fit: {name} must be at least 1, got {count}; raise it")
    if counts["patience"] is not None and validation is None:
        raise ValueError("fit: patience needs validation data to watch, got None; pass validation=")
    if validation is not None:
        others = examples(validation)[1]
        if others.shape[1:] != targets.shape[1:] and (
            others.ndim != targets.ndim or targets.dtype.kind == "f"
        ):  # integers may be of longer sequences
            raise ValueError(
                f"fit: the validation targets must have the shape of the training targets, "
                f"{targets.shape[1:]} each, got {others.shape[1:]}; reshape them alike"
            )
    if checkpoint is not None:
        format_of(checkpoint)
        if not (folder := Path(checkpoint).resolve().parent).is_dir():
            raise ValueError(
                f"fit: the checkpoint's folder must exist, got {folder}; make it first"
            )
    elif counts["checkpoint_every"] is not None:
        raise ValueError("fit: checkpoint_every needs a file, got checkpoint=None; name one")


def _check_parameters(model: Module, optimiser: Optimiser, max_norm: float | None) -> None:
    """That the optimiser moves this model, and not uphill."""
    if max_norm is not None and not max_norm > 0:
        raise ValueError(
            f"fit: max_norm must be above 0, got {max_norm}; None leaves the gradients as they are"
        )
    own = set(model.parameters())
    if own and own.isdisjoint(optimiser.parameters):
        raise ValueError(
            "fit: the optimiser must hold the model's parameters, got none of them; a model that "
            "was built again, or by astype, has new ones: make the optimiser after it, from its "
            "parameters()"
        )


def _generators(model: Module, rng: np.random.Generator) -> list[np.random.Generator]:
    """Every random generator that a training draws from, once."""
    held = (value for _, module in model.named_modules() for value in vars(module).values())
    found = [checked_rng(rng), *(value for value in held if isinstance(value, np.random.Generator))]
    return list({id(generator): generator for generator in found}.values())
