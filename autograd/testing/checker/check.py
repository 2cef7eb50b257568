"""`check_grads` and `examine`: is the gradient of a function right?"""

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import replace

import numpy as np

from autograd.errors import GradientError
from autograd.testing.checker.culprit import locate
from autograd.testing.checker.numeric import Verdict
from autograd.testing.checker.passes import broken_promises, broken_symmetries
from autograd.testing.checker.probe import Probe, nearby
from autograd.testing.checker.report import Report

from autograd.testing.checker.subject import (  # isort: skip
    BackwardError, Call, Function, Gradient, Nested, Number, Parameters, Subject, in_float64, like,
    quiet, restoring,
)  # fmt: skip

FLOAT32_RTOL = 1e-4


def check_grads(
    f: Callable[..., Nested],
    *inputs: object,
    order: int = 2,
    rtol: float = 1e-6,
    params: Parameters | None = None,
    seed: int = 0,
    budget: int = 16,
) -> None:
    """Check the gradient of `f` for every Value and Tensor in `inputs`, and every parameter.

    Args:
        f: a function, or a module, of which every parameter is checked. It returns a Value or a
            Tensor of any shape, or nested lists or dicts of them.
        inputs: Values, Tensors, nested lists and dicts of them; other things are constants.
        order: how many times to differentiate.
        rtol: the relative error that may pass; an error of 10 rtol never does.
        params: leaves that `f` uses without taking them as inputs: a module, a list or a dict.
        seed: of the random cotangents and directions.
        budget: how many directions to try for each input. An input with no more entries than that
            is checked entry by entry, a larger one in groups of entries (see `Probe.directions`).

    Raises:
        GradientError: the gradient is wrong, or can't be certified: the point is at the edge of
            the domain, `f` is mostly rounding, not deterministic, or returns no node. Its `report`
            is that of `examine`.
        TypeError: there is nothing to differentiate.

    >>> from autograd import Tensor
    >>> check_grads(lambda x: x.softmax(), Tensor([1.0, 2.0, 3.0]))
    >>> check_grads(lambda x: x * x.data, Tensor([2.0]))
    Traceback (most recent call last):
    ...
    autograd.errors.GradientError: <lambda>: wrong ...
    """
    report = examine(f, *inputs, order=order, rtol=rtol, params=params, seed=seed, budget=budget)
    if not report.ok:
        raise GradientError(str(report), report)


def examine(
    f: Callable[..., Nested],
    *inputs: object,
    order: int = 2,
    rtol: float = 1e-6,
    params: Parameters | None = None,
    seed: int = 0,
    budget: int = 16,
) -> Report:
    """What `check_grads` found, without raising.

    >>> from autograd import Value
    >>> report = examine(lambda x: x.relu(), Value(0.0))
    >>> print(report.verdict, report.findings[0].slopes)
    kink (0.0, 1.0)
    """
    function = Function(f, inputs, params)
    report = Report(function.name, seed, rtol)
    rng = np.random.default_rng([seed, *b"check"])  # inputs often come from default_rng(seed)
    try:
        with restoring(f, params):
            with quiet(), in_float64(), function.at({}) as call:
                _examine(function, call, 1, order, budget, rng, report)
            narrow = [x for x in function.original.values() if np.asarray(x).dtype == np.float32]
            if report.ok and narrow:
                _compare_float32(function, rng, report)
    except GradientError as error:
        report.problems.append(str(error))
    return report


def _examine(
    subject: Subject,
    call: Call,
    level: int,
    order: int,
    budget: int,
    rng: np.random.Generator,
    report: Report,
) -> None:
    """One order of differentiation, `level`, and the next one, as long as all is well."""
    cotangent = random_cotangent(call, rng)
    try:
        report.problems += broken_promises(subject, call, cotangent)
        if isinstance(subject, Gradient) and report.ok:
            report.problems += broken_symmetries(subject, call, rng)
        if report.ok:
            probe = Probe(subject, call, cotangent, level, report.rtol)
            for name in subject.numbers:
                report.findings += probe.findings(name, budget, rng)
        if report.ok and level < order and isinstance(subject, Function):
            _look_near_by(subject, rng, report)
        if report.ok and level < order:
            gradient = Gradient(subject, cotangent)
            with gradient.at({}) as second:
                _examine(gradient, second, level + 1, order, max(budget // 4, 2), rng, report)
    except BackwardError as error:
        report.problems.append(str(error))
    if not report.ok and report.culprit is None:
        report.culprit = locate(subject, call, cotangent, report)


def random_cotangent(call: Call, rng: np.random.Generator) -> Number:
    """A random weight for every element of the output."""
    return like(call.output.raw, rng.normal(size=call.output.shape))


def _look_near_by(function: Function, rng: np.random.Generator, report: Report) -> None:
    """A gradient may be right at the point alone: only what is wrong at another one is told."""
    elsewhere = copy(function)
    elsewhere.numbers = nearby(function.numbers, rng)
    there = Report(report.name, report.seed, report.rtol)
    with suppress(ArithmeticError, ValueError), elsewhere.at({}) as call:
        _examine(elsewhere, call, 1, 1, 2, rng, there)
    if there.verdict is Verdict.WRONG:
        report.findings += [replace(f, note="at a point near by") for f in there.findings]
        report.problems += there.problems
        report.culprit = there.culprit


def _compare_float32(function: Function, rng: np.random.Generator, report: Report) -> None:
    """The float32 gradient, against the float64 one that was just certified."""
    with in_float64(), function.at({}) as call:
        cotangent = random_cotangent(call, rng)
        certified = call.gradients(cotangent)
    with function.at(function.original) as call:
        for name, gradient in call.gradients(np.asarray(cotangent, call.output.precision)).items():
            exact = certified[name]
            size, apart = np.abs(exact), np.abs(gradient - exact)
            if not (apart <= FLOAT32_RTOL * (size + 0.1 * size.max(initial=0.0))).all():
                report.problems.append(
                    f"{name}: the float32 gradient is {np.nanmax(apart):.3g} off that in float64"
                )
