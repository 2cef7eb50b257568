"""Comparing a gradient with the numeric derivative along directions, and closing in on an entry."""

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from autograd import steps
from autograd.core.numbers import Array
from autograd.errors import GradientError
from autograd.testing.checker.passes import TINY
from autograd.testing.checker.replay import CallReplay, replay_of
from autograd.testing.checker.report import Finding
from autograd.testing.checker.subject import Call, Number, Numbers, Subject, like, quiet

from autograd.testing.checker.numeric import (  # isort: skip
    EPS, TRUST, Curve, Slope, Test, Verdict, judge, judge_kink, repeated, sides, surest_slope,
)  # fmt: skip

CLEAR = 100.0  # error estimates, by which no kink and no chance makes a right gradient differ
JUMP = 64.0  # times the noise, beyond which a step is none of rounding
SMALLEST = 1e-3  # an entry's size, of which steps are parts, where it is (nearly) 0


class Opinion(NamedTuple):
    """A verdict, why, and the numeric derivative it goes by; `slopes` on both sides of a kink."""

    verdict: Verdict
    note: str
    numeric: Slope
    slopes: tuple[float, ...] = ()


class Probe:
    """A subject at one point with one cotangent, compared along any direction.

    A direction changes each entry by a part of its own size, so that small entries keep their
    sign and logarithms, roots and powers stay in their domain.
    """

    def __init__(self, subject: Subject, call: Call, cotangent: Number, order: int, rtol: float):
        self.subject, self.call, self.order, self.rtol = subject, call, order, rtol
        self.cotangent = np.asarray(cotangent, float)
        self.base = np.asarray(call.output.raw, float)
        self.gradients = call.certain(cotangent)

    def findings(self, name: str, budget: int, rng: np.random.Generator) -> Iterator[Finding]:
        """One finding per direction, up to the first that does not pass."""
        for direction in self.directions(name, budget, rng):
            finding = self.settled(name, direction)
            yield finding
            if not finding.verdict.passes:
                return

    def directions(self, name: str, budget: int, rng: np.random.Generator) -> Iterator[Array]:
        """Every entry by itself where `budget` allows, else groups of entries with random signs.

        A group holds k entries whose gradients are of similar size, so that none drowns, and comes
        with two draws of signs. One entry that is wrong by a relative error ε shows in a draw in
        which the others add up to less than ε / rtol of them: always if ε > k rtol, else with
        probability 1 − p² for the two draws, where p = P(|z| > ε / (rtol √k)) for a normal z. Of a
        million entries, with a budget of 16 (k = 125,000) and rtol 1e-6, an error of 12.5 % is
        always found, one of 0.1 % with probability 0.99998, one of 0.05 % with 0.975. Several that
        would cancel do so for at most half of the signs (Erdős 1945).
        """
        x = np.asarray(self.subject.numbers[name], float)
        size = sizes(x)
        groups: list[Any]
        if x.size <= budget:
            groups, draws = [[i] for i in range(x.size)], 1
        else:
            by_weight = np.argsort(np.abs(self.gradients[name] * size), axis=None)
            groups, draws = np.array_split(by_weight, max(budget // 2, 1)), 2
        for group in groups:
            for _ in range(draws):
                direction = np.zeros(x.size)
                direction[group] = size.flat[group]
                if draws > 1:
                    direction[group] *= rng.choice((-1.0, 1.0), len(group))
                yield direction.reshape(x.shape)

    def settled(self, name: str, direction: Array) -> Finding:
        """The finding along `direction`; where it does not pass, that of the entry to blame.

        Halves the direction, then the cotangent, keeping the half that does not pass. Where both
        halves pass though the whole does not, and one has a kink or their numeric derivatives do
        not add up, the function is not differentiable there: kinks are judged one by one, for
        several at once may have opposite weights.
        """
        cotangent = self.cotangent
        finding = self.compared(name, direction, cotangent)
        narrowed = True
        while narrowed and not finding.verdict.passes:
            narrowed = False
            splits = [[(half, cotangent) for half in halves(direction)]]
            splits += [[(direction, half) for half in halves(cotangent)]]
            for pairs in splits:
                parts = []
                for pair in pairs:
                    parts.append(self.compared(name, *pair))
                    if not parts[-1].verdict.passes:
                        finding, (direction, cotangent) = parts[-1], pair
                        narrowed = True
                        break
                if narrowed:
                    break
                kinked = any(part.verdict is Verdict.KINK for part in parts)
                if parts and (kinked or not additive(finding, parts)):
                    return replace(finding, verdict=Verdict.KINK, note="several kinks at once")
                if parts and finding.verdict is not Verdict.WRONG:
                    return max(parts, key=lambda part: part.error)
        return finding

    def compared(self, name: str, direction: Array, cotangent: Array) -> Finding:
        """The analytic derivative along `direction`, beside the numeric one."""
        whole = cotangent is self.cotangent
        gradients = self.gradients if whole else self.call.gradients(cotangent, [name])
        analytic = along(direction, gradients[name])
        rounding = max(8 * EPS * along(np.abs(direction), np.abs(gradients[name])), TINY)
        finite = np.where(np.isfinite(self.base), self.base, 0.0)
        noise = EPS * float(np.linalg.norm(cotangent * finite))
        phi = partial(self.changes, name, direction, cotangent)
        numeric = surest_slope(phi, noise, partial(self.is_settled, analytic))
        numeric = numeric._replace(error=numeric.error + rounding)
        is_noise = partial(self.is_noise, name, direction, cotangent, analytic)
        verdict, note, numeric, slopes = self.opinion(analytic, numeric, phi, noise, is_noise)
        size = max(abs(analytic), abs(numeric.value))
        if verdict is Verdict.WRONG and numeric.change == 0 and size * numeric.radius < self.stair:
            verdict, note = Verdict.INCONCLUSIVE, TOO_NOISY
        scale = entry(direction) * entry(cotangent)  # a partial derivative, where one entry moves
        return Finding(
            order=self.order,
            name=name,
            index=place_of(direction),
            output=place_of(cotangent),
            analytic=analytic / scale,
            numeric=numeric.value / scale,
            error=numeric.error / abs(scale),
            tolerance=self.rtol * size / abs(scale),
            verdict=verdict,
            slopes=tuple(x / scale for x in slopes[:: int(np.sign(entry(direction)))]),
            note=note,
            scale=scale,
        )

    def changes(self, name: str, direction: Array, cotangent: Array, ts: Array) -> Array:
        """φ(t): how much the weighted output changes at t · direction, for each of `ts`."""
        base, *moved = self.outputs(name, direction, ts)
        if not np.isfinite(base).all():  # an infinity that stays does not change
            moved = [np.where(y == base, 0.0, y - base) for y in moved]
            base = np.zeros(base.shape)
        return np.asarray([(cotangent * (y - base)).sum() for y in moved])

    def is_settled(self, analytic: float, found: Slope) -> bool:
        """Whether no slope that is more certain could change the verdict."""
        size = max(abs(analytic), abs(found.value))
        if abs(analytic - found.value) > 10 * (self.rtol * size + TRUST * found.error):
            return True
        if analytic == 0 and judge(analytic, found, self.rtol) is Verdict.OK:
            return True
        return math.isfinite(found.error) and found.error <= 0.1 * self.rtol * size

    def opinion(
        self, analytic: float, numeric: Slope, phi: Curve, noise: float, is_noise: Test
    ) -> Opinion:
        """The verdict, after as many second opinions as it takes."""
        verdict, note = judge(analytic, numeric, self.rtol), ""
        slopes: tuple[float, ...] = ()
        clear = abs(analytic - numeric.value) > CLEAR * numeric.error
        clear = clear and continuous(phi, numeric, noise)
        if verdict is Verdict.WRONG and np.isfinite(numeric.error) and not clear:
            numeric = repeated(phi, numeric, noise)
            verdict = judge(analytic, numeric, self.rtol)
        if verdict is not Verdict.OK and is_noise(numeric):
            verdict, note = Verdict.OK, "0 to within rounding"
        if verdict is not Verdict.OK and not clear:  # the two-sided derivative of a kink is none
            verdict, note, numeric, slopes = self.one_sided(analytic, numeric, phi, noise)
        return Opinion(verdict, note, numeric, slopes)

    def outputs(self, name: str, direction: Array, ts: Array) -> Iterator[Array]:
        """The outputs at the point itself, and at t · direction from it for each of `ts`."""
        number = self.subject.numbers[name]
        if self.replay and name in self.replay:
            line = (number + t * direction for t in (0.0, *ts))
            yield from self.replay(self.subject.numbers, name, line)
            return
        yield self.base
        for t in ts:
            moved = like(number, number + t * direction)
            try:
                with np.errstate(all="ignore"), self.subject.at({name: moved}) as call:
                    output = call.output.raw
            except (ArithmeticError, ValueError):  # outside the domain
                output = np.full(self.base.shape, np.nan)
            if np.shape(output) != self.base.shape:
                raise GradientError(
                    f"{self.subject.name} must return the same shape for the same shapes, "
                    f"got {self.base.shape} and {np.shape(output)} for other numbers"
                )
            yield np.asarray(output)

    @cached_property
    def replay(self) -> CallReplay | None:
        moved = nearby(self.subject.numbers, np.random.default_rng(0))
        return replay_of(self.subject, self.call, moved)

    def one_sided(self, analytic: float, numeric: Slope, phi: Curve, noise: float) -> Opinion:
        """The verdict where no two-sided derivative is certain: kink, jump, edge, or too noisy."""
        left, right = sides(phi, noise)
        slopes = (left.value, right.value)
        if not (np.isfinite(left.error) and np.isfinite(right.error)):
            where = "here" if left.error == right.error else "on one side"
            return Opinion(Verdict.EDGE, f"the function is not finite {where}", numeric)
        size = max(abs(analytic), abs(left.value), abs(right.value))
        jump = max(abs(left.limit), abs(right.limit))
        moved = max(left.change * left.radius, right.change * right.radius)
        if jump > max(1e-3 * moved, JUMP * noise):  # that a gradient jumps is what a kink is
            verdict = Verdict.INCONCLUSIVE if self.order == 1 else Verdict.KINK
            return Opinion(verdict, f"the function jumps by {jump:.3g}", numeric, slopes)
        error = max(left.error, right.error)
        if error > self.rtol * max(size, left.change, right.change):
            for side in (left, right):  # the slope on one side is right, whatever the other is
                if judge(analytic, side, self.rtol) is Verdict.OK:
                    return Opinion(Verdict.OK, "on one side", side)
            verdict = judge(analytic, numeric, self.rtol)
            return Opinion(verdict, TOO_NOISY if verdict is Verdict.INCONCLUSIVE else "", numeric)
        if abs(left.value - right.value) > TRUST * error:
            return Opinion(judge_kink(analytic, left, right, self.rtol), "", numeric, slopes)
        better = right._replace(value=sum(slopes) / 2, error=error)
        better = min(better, numeric, key=lambda found: found.error)
        return Opinion(judge(analytic, better, self.rtol), "", better)

    def is_noise(
        self, name: str, direction: Array, cotangent: Array, analytic: float, numeric: Slope
    ) -> bool:
        """Whether both derivatives are 0 but for rounding, as for a shift in front of a softmax.

        They are tiny beside the gradients inside the graph, and the analytic one is as large as its
        own changes when every number moves by a few units in the last place.
        """
        size = max(abs(analytic), abs(numeric.value), numeric.error)
        if not (np.isfinite(size) and size <= 1e-12 * self.inside):
            return False
        spread = TRUST * numeric.error
        rng = np.random.default_rng(0)
        for _ in range(4):
            numbers = {
                key: like(x, x * (1 + rng.choice((-4 * EPS, 4 * EPS), np.shape(x))))
                for key, x in self.subject.numbers.items()
            }
            with self.subject.at(numbers) as call:
                moved = along(direction, call.gradients(cotangent, [name])[name])
            spread = max(spread, abs(moved - analytic))
        return max(abs(analytic), abs(numeric.value)) <= TRUST * spread

    @cached_property
    def inside(self) -> float:
        """The largest gradient anywhere in the graph."""
        seed = like(self.call.output.raw, self.cotangent)
        with quiet():
            gradients = [step.gradient for step in steps(self.call.output, seed)]
        return max(float(np.abs(g).max(initial=0.0)) for g in gradients)

    @cached_property
    def stair(self) -> float:
        """How far rounding inside may hold back the output, which moves in steps of that height."""
        seed = like(self.call.output.raw, self.cotangent)
        with quiet():
            sizes = [np.abs(s.gradient * s.node.raw) for s in steps(self.call.output, seed)]
        return 4 * EPS * max(float(size.max(initial=0.0)) for size in sizes)


TOO_NOISY = "rounding inside the function hides its derivative; a point of other size may show it"


def nearby(numbers: Numbers, rng: np.random.Generator) -> Numbers:
    """Every number changed by up to a twentieth of its size."""
    return {
        name: like(x, x + 0.05 * rng.uniform(-1, 1, np.shape(x)) * sizes(x))
        for name, x in numbers.items()
    }


def sizes(x: Number) -> Array:
    """What a step in each entry is a part of."""
    return np.fmax(np.abs(x), SMALLEST)  # a NaN has a step too, and so a verdict


def continuous(phi: Curve, found: Slope, noise: float) -> bool:
    """Whether φ tends to φ(0) = 0 from both sides, which a slope between them does not show."""
    near = 1e-4 * found.radius
    beside = np.abs(phi(np.asarray([-near, near])))
    return bool(beside.max() <= max(1e-3 * found.change * found.radius, JUMP * noise))


def along(direction: Array, gradient: Number) -> float:
    """⟨gradient, direction⟩ over the entries that move."""
    moving = np.flatnonzero(direction)
    return float((np.ravel(gradient)[moving] * np.ravel(direction)[moving]).sum())


def halves(direction: Array) -> list[Array]:
    """`direction` as the sum of two with half of its entries each; none where it has one entry."""
    places = np.flatnonzero(direction)
    if len(places) < 2:
        return []
    first = direction.copy()
    _, rest = np.array_split(places, 2)
    first.flat[rest] = 0.0
    return [first, direction - first]


def additive(whole: Finding, parts: list[Finding]) -> bool:
    """Whether numeric derivatives add up as those of a differentiable function do."""
    errors = sum(f.error * abs(f.scale) for f in (whole, *parts))
    apart = abs(whole.numeric * whole.scale - sum(f.numeric * f.scale for f in parts))
    return not apart > TRUST * errors + whole.tolerance * abs(whole.scale)


def entry(direction: Array) -> float:
    """The one entry that is not 0; 1 where there are several."""
    places = np.flatnonzero(direction)
    return direction.flat[places].item() if len(places) == 1 else 1.0


def place_of(direction: Array) -> tuple[int, ...] | None:
    """The index of the one entry that is not 0; None where there are several."""
    places = np.argwhere(direction)
    return tuple(places.ravel().tolist()) if len(places) == 1 else None
