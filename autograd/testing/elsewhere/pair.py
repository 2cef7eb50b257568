"""A function of arrays beside its gradients as a subject, wherever both were written."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from autograd.core.numbers import Array
from autograd.errors import GradientError
from autograd.testing.checker.examination import (
    Examination,
    certified_gradients,
    compare_narrow,
    is_narrow,
    told,
)
from autograd.testing.checker.numeric import Verdict
from autograd.testing.checker.report import Culprit, Report, written_at

from autograd.testing.checker.subject import (  # isort: skip
    Inside, Number, Numbers, backward_pass, bounds_for, quiet, same, widened,
)  # fmt: skip


@dataclass
class Pair:
    """What gives the output, and what gives the gradients, of arrays by name."""

    name: str
    numbers: Numbers
    value: Callable[[Numbers], Any]
    vjp: Callable[[Number, Numbers], Mapping[str, Any]]  # of the cotangent; None stands for zeros
    constants: Mapping[str, Any] = field(default_factory=dict)
    bounds: Any = None  # see `bounds_for`
    # The outputs for many numbers in place of the one under a name, along one more axis in front.
    many: Callable[[Numbers, str, Array], Any] | None = None
    promised: bool = False  # that `many` gives what calls give; else it is tried once
    tried: bool | None = None
    rounding: float = 1e-9  # sums in another order
    written: object = None  # what the gradients come from, to be named as the culprit
    again: "Callable[[Pair, Number], Pair] | None" = None  # the gradient as a pair

    def __post_init__(self) -> None:
        self.original = dict(self.numbers)
        self.numbers = {name: widened(x) for name, x in self.original.items()}
        self.bounds = bounds_for(self.numbers, self.bounds)

    @contextmanager
    def at(self, moved: Numbers) -> Iterator["PairCall"]:
        numbers = {**self.numbers, **moved}
        given = self._copies(numbers)
        output = real(self.value(dict(given)), self.name)
        self._must_be_alike(self.name, numbers, given)
        yield PairCall(self, numbers, output)

    def gradients(self, cotangent: Number, numbers: Numbers) -> Numbers:
        """What `vjp` gives, zeros for None."""
        who, seed = f"the gradient of {self.name}", np.array(cotangent)
        given = self._copies(numbers)
        with backward_pass():
            found = self.vjp(seed, dict(given))
        self._must_be_alike(who, numbers, given)
        if not np.array_equal(seed, cotangent):
            raise GradientError(f"{who} must leave its cotangent alone; let it work on a copy")
        return {
            name: np.zeros(np.shape(x)) if found[name] is None else real(found[name], who)
            for name, x in self.numbers.items()
        }

    def _copies(self, numbers: Numbers) -> dict[str, Any]:
        everything = {**numbers, **self.constants}
        return {k: x.copy() if isinstance(x, np.ndarray) else x for k, x in everything.items()}

    def _must_be_alike(self, who: str, numbers: Numbers, given: dict[str, Any]) -> None:
        for name, x in {**numbers, **self.constants}.items():
            if not same(x, given[name]):
                raise GradientError(
                    f"{who} must leave its inputs alone, but it changes {name}; "
                    f"let it work on a copy"
                )

    def line(self, call: "PairCall", moved: Numbers) -> "ManyAtOnce | None":
        if self.many is None:
            return None
        line = ManyAtOnce(self, call.raw.shape)
        if self.tried is None:
            self.tried = self.promised or self._is_as_calls(line, call, moved)
        return line if self.tried else None

    def _is_as_calls(self, line: "ManyAtOnce", call: "PairCall", moved: Numbers) -> bool:
        """Whether the line gives what calls give, here and with each of the numbers `moved`."""
        try:
            for name, other in moved.items():
                with self.at({name: other}) as there:
                    found = list(line(self.numbers, name, (self.numbers[name], other)))
                    if not np.allclose(found, (call.raw, there.raw), 1e-9, 1e-300, equal_nan=True):
                        return False
        except Exception:  # what can't be called so, or not here, is called one by one
            return False
        return True

    def gradient(self, cotangent: Number) -> "Pair | None":
        return self.again(self, cotangent) if self.again else None


class PairCall(NamedTuple):
    """One call: the numbers, and the output."""

    pair: Pair
    numbers: Numbers
    raw: Array

    def gradients(self, cotangent: Number, names: list[str] | None = None) -> Numbers:
        found = self.pair.gradients(cotangent, self.numbers)
        return {name: found[name] for name in names or found}

    def certain(self, cotangent: Number) -> Numbers:
        return self.gradients(cotangent)

    def inside(self, cotangent: Number) -> Inside:
        """Of the ends alone, for nothing is known of what lies between."""
        found = self.gradients(cotangent)
        sizes = [float(np.abs(g).max(initial=0.0)) for g in found.values()]
        moved = [cotangent * self.raw, *(g * self.numbers[name] for name, g in found.items())]
        eps = float(np.finfo(self.raw.dtype).eps)
        return Inside(
            max(sizes, default=0.0), 4 * eps * max(float(np.abs(x).max(initial=0.0)) for x in moved)
        )


class ManyAtOnce(NamedTuple):
    """The outputs for many numbers in one call."""

    pair: Pair
    shape: tuple[int, ...]

    def __contains__(self, name: object) -> bool:
        return name in self.pair.numbers

    def __call__(self, numbers: Numbers, name: str, others: Iterable[Number]) -> Iterator[Array]:
        line = np.stack(list(others))
        assert self.pair.many is not None
        output = real(self.pair.many(numbers, name, line), self.pair.name)
        if output.shape != (len(line), *self.shape):
            raise GradientError(
                f"{self.pair.name} must give outputs of shape {(len(line), *self.shape)} for "
                f"{len(line)} points at once, got {output.shape}; is it `batched`?"
            )
        yield from output


def real(found: Any, who: str) -> Array:
    """One array of real numbers, as a new one."""
    if isinstance(found, tuple) or (array := np.asarray(found)).dtype.kind not in "fiu":
        got = type(found).__name__ if isinstance(found, tuple) else f"one of {array.dtype}"
        raise GradientError(
            f"{who} must give an array of real numbers, got {got}; check one output at a time, and "
            f"complex ones by parts; with a cache beside the output, use check_forward_backward"
        )
    return array.astype(float) if array.dtype.kind != "f" else array.copy()


def examine_pair(
    pair: Pair,
    order: int = 1,
    seed: int = 0,
    budget: int = 16,
    rtol: float = 1e-6,
    atol: float = 0.0,
) -> Report:
    """The report on a pair."""
    report = Report(pair.name, seed, rtol, atol=atol, order=order)
    rng = np.random.default_rng([seed, *b"check"])
    examination = Examination(report, budget, rng, order, blamed)
    with told(report), quiet():
        with pair.at({}) as call:
            examination.run(pair, call)
        if report.ok and is_narrow(pair.original):
            compare_narrow(pair, pair.original, certified_gradients(pair, rng), report)
    return report


def blamed(pair: Pair, call: PairCall, cotangent: Number, report: Report) -> Culprit | None:
    """The function that the gradients come from, where they are wrong."""
    if report.verdict is not Verdict.WRONG:
        return None
    return Culprit("rule", f"the gradient of {pair.name}{written_at(pair.written)}")
