"""One check from beginning to end, of whatever `Subject`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autograd.errors import GradientError
from autograd.testing.checker.numeric import Verdict
from autograd.testing.checker.probe import FLOAT32_RTOL, Probe
from autograd.testing.checker.promises import broken_promises
from autograd.testing.checker.report import Culprit, Report
from autograd.testing.checker.subject import (
    BackwardError,
    Call,
    Number,
    Numbers,
    Subject,
    like,
    nearby,
)

FLOAT32_EPS = 8 * float(np.finfo(np.float32).eps)


def nothing(*_: object) -> tuple[str, ...]:
    return ()


@dataclass
class Examination:
    """What is asked of a subject, and the report on it."""

    report: Report
    budget: int  # directions for each input
    rng: np.random.Generator
    order: int  # how many times to differentiate
    blame: Callable[[Any, Any, Number, Report], Culprit | None]
    near: bool = True  # look at a point near by, too
    # What else must hold, beside the promises of every gradient: (subject, call, cotangent, self).
    promises: Callable[[Any, Any, Number, "Examination"], Iterable[str]] = nothing

    def run(self, subject: Subject, call: Call, level: int = 1) -> None:
        """One order of differentiation, `level`, and the next one, as long as all is well."""
        report, cotangent = self.report, random_cotangent(call, self.rng)
        try:
            report.problems += broken_promises(subject, call, cotangent)
            if report.ok:
                report.problems += self.promises(subject, call, cotangent, self)
            if report.ok:
                self._compare(subject, call, cotangent)
            if report.ok and self.near:
                self._look_near_by(subject)
            gradient = subject.gradient(cotangent) if report.ok and level < self.order else None
            if gradient is not None:
                report.level = level + 1
                further = replace(self, near=False, budget=max(self.budget // 4, 2))
                with gradient.at({}) as second:
                    further.run(gradient, second, level + 1)
        except BackwardError as error:
            report.problems.append(str(error))
        if not report.ok and report.culprit is None:
            report.culprit = self.blame(subject, call, cotangent, report)

    def _compare(self, subject: Subject, call: Call, cotangent: Number) -> None:
        """The gradients with numeric ones."""
        report = self.report
        probe = Probe(subject, call, cotangent, report.level, report.rtol, report.atol)
        for name in subject.numbers:
            for found in probe.findings(name, self.budget, self.rng):
                extent = probe.extent(name) if found.verdict is Verdict.WRONG else None
                report.findings.append(replace(found, extent=extent))

    def _look_near_by(self, subject: Subject) -> None:
        """A gradient may be right at the point alone: only what is wrong at another one is told."""
        elsewhere, report = copy(subject), self.report
        elsewhere.numbers = nearby(subject, self.rng)
        there = replace(report, findings=[], problems=[])
        try:
            with elsewhere.at({}) as call:
                cotangent = random_cotangent(call, self.rng)
                try:
                    replace(self, report=there, budget=2)._compare(elsewhere, call, cotangent)
                except BackwardError as error:
                    there.problems.append(str(error))
                if there.verdict is Verdict.WRONG:
                    report.findings += [
                        replace(found, note="at a point near by") for found in there.findings
                    ]
                    report.problems += there.problems
                    report.culprit = self.blame(elsewhere, call, cotangent, there)
        except GradientError:
            raise
        except Exception:  # outside the domain
            return


def random_cotangent(call: Call, rng: np.random.Generator) -> Number:
    """A random weight for every element of the output."""
    return like(call.raw, rng.normal(size=np.shape(call.raw)))


@contextmanager
def told(report: Report) -> Iterator[None]:
    """What is raised within becomes a problem of the report."""
    try:
        yield
    except GradientError as error:
        report.problems.append(str(error))
        report.heading = "not checked"
    except Exception as error:
        report.problems.append(f"{report.name} raises {type(error).__name__}: {error}")
        report.heading, report.cause = "not checked", error


def is_narrow(numbers: Numbers) -> bool:
    return any(np.asarray(x).dtype == np.float32 for x in numbers.values())


def certified_gradients(
    subject: Subject, rng: np.random.Generator
) -> tuple[Number, Number, Numbers]:
    """The output, a random cotangent, and the gradients for it."""
    with subject.at({}) as call:
        cotangent = random_cotangent(call, rng)
        return call.raw, cotangent, call.gradients(cotangent)


def compare_narrow(
    subject: Subject, original: Numbers, certified: tuple[Number, Number, Numbers], report: Report
) -> None:
    """The gradients at the `original` numbers, some of float32, against those certified.

    Where the outputs differ, rounding has decided a tie: there is nothing to compare.
    """
    output, cotangent, exact = certified
    with subject.at(original) as call:
        if not np.allclose(call.raw, output, rtol=FLOAT32_RTOL, atol=FLOAT32_RTOL, equal_nan=True):
            return
        found = call.gradients(np.asarray(cotangent, np.asarray(call.raw).dtype))
        rounding = FLOAT32_EPS * call.inside(cotangent).gradient
    for name, gradient in found.items():
        size, apart = np.abs(exact[name]), np.abs(gradient - exact[name])
        if not (apart <= FLOAT32_RTOL * (size + 0.1 * size.max(initial=0.0)) + rounding).all():
            report.problems.append(
                f"{name}: the float32 gradient is {np.nanmax(apart):.3g} off that in float64"
            )
