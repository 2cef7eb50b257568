"""Comparing a gradient with the numeric derivative along directions, and closing in on an entry."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from itertools import chain, compress, islice
from typing import Any, NamedTuple

import numpy as np

from autograd.core.numbers import Array
from autograd.errors import GradientError
from autograd.testing.checker.directions import alike, along, entry, halves, norm, place_of
from autograd.testing.checker.flatness import FINE, TOO_NOISY, TURNS, continuous, hidden, stair
from autograd.testing.checker.report import Extent, Finding

from autograd.testing.checker.numeric import (  # isort: skip
    EPS, JUMP, TINY, TRIALS, TRUST, Curve, Slope, Test, Verdict, judge, judge_kink, kink, nearest,
    repeated, side_inside, sides, slope, surest_slope, trial_points, turns,
)  # fmt: skip
from autograd.testing.checker.subject import (  # isort: skip
    Call, Inside, Line, Number, Subject, like, nearby, sizes,
)  # fmt: skip

CLEAR = 100.0  # error estimates, by which no kink and no chance makes a right gradient differ
FLOAT32_RTOL = 1e-4  # what a function of float32 can be asked for
SMALL = 64  # entries of an input, whose directions are all sampled at once
ENTRIES = 32  # of an input with a wrong gradient, that are looked at


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

    def __init__(
        self,
        subject: Subject,
        call: Call,
        cotangent: Number,
        order: int,
        rtol: float,
        atol: float = 0.0,
    ) -> None:
        self.subject, self.call, self.order, self.atol = subject, call, order, atol
        self.cotangent = np.asarray(cotangent, float)
        self.base = np.asarray(call.raw, float)
        self.eps = float(np.finfo(np.asarray(call.raw).dtype).eps)
        self.rtol = rtol if self.eps <= EPS else max(rtol, FLOAT32_RTOL)
        self.gradients = call.certain(cotangent)
        self.seen: dict[tuple[str, bytes, bytes], list[Array]] = {}

    def findings(self, name: str, budget: int, rng: np.random.Generator) -> Iterator[Finding]:
        """One finding per direction, up to the first that does not pass."""
        directions: Iterable[Array] = self.directions(name, budget, rng)
        if np.size(self.subject.numbers[name]) <= SMALL:
            directions = self.seen_at_once(name, list(directions))
        for direction in directions:
            finding = self.settled(name, direction)
            yield finding
            if not finding.verdict.passes:
                return

    def seen_at_once(self, name: str, directions: list[Array]) -> list[Array]:
        """The directions, of which a quicker line has given all first samples in one call."""
        if name not in self.subject.bounds:
            number, ts = self.subject.numbers[name], trial_points(*TRIALS[0])
            points = (like(number, number + t * d) for d in directions for t in ts)
            found = self.at_once(name, chain([number], points))
            for i, direction in enumerate(directions if found else ()):
                key = name, direction.tobytes(), ts.tobytes()
                self.seen[key] = [found[0], *found[1 + len(ts) * i :][: len(ts)]]
        return directions

    def directions(self, name: str, budget: int, rng: np.random.Generator) -> Iterator[Array]:
        """Every entry by itself where `budget` allows, else groups of entries with random signs.

        A group holds k entries whose gradients are of one size (within a power of ten), so that
        none drowns, and comes with two draws of signs; those whose part of the output rounding may
        hide are all in one. One entry that is wrong by a relative error ε shows in a draw in which
        the k others, each at most r times as large, add up to less than ε / rtol of it: always if
        ε > r k rtol, else with probability at least 1 − p² for the two draws, where
        p = P(|z| > ε / (r rtol √k)) for a normal z. Of a million entries of similar size (r = 1),
        with a budget of 16 (k = 125,000) and rtol 1e-6, an error of 12.5 % is always found, one of
        0.1 % with probability 0.99998, one of 0.05 % with 0.975. Several that would cancel do so
        for at most half of the signs (Erdős 1945).
        """
        x = np.asarray(self.subject.numbers[name], float)
        size = sizes(x)
        groups: list[Any]
        if x.size <= budget:
            groups, draws = [[i] for i in range(x.size)], 1
        else:
            weights = np.abs(self.gradients[name] * size).ravel()
            least = 100 * self.noise(self.cotangent) / self.rtol
            groups, draws = alike(weights, budget // 2, least), 2
        for group in groups:
            for _ in range(draws):
                direction = np.zeros(x.size)
                direction[group] = size.flat[group]
                if draws > 1:
                    direction[group] *= rng.choice((-1.0, 1.0), len(group))
                yield direction.reshape(x.shape)

    def extent(self, name: str) -> Extent:
        """How many of the entries are wrong for sure, of all or the first few."""
        size = sizes(self.subject.numbers[name])
        factors, entries = [], min(size.size, ENTRIES)
        for place in range(entries):
            direction = np.zeros(size.shape)
            direction.flat[place] = size.flat[place]
            found = self.compared(name, direction, self.cotangent)
            if found.verdict is Verdict.WRONG:
                factors.append(found.analytic / found.numeric if found.numeric else math.inf)
        common = None
        if factors and np.allclose(factors, factors[0], atol=0) and 0 < abs(factors[0]) < math.inf:
            common = factors[0]
        return Extent(len(factors), entries, common)

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
        rounding = max(8 * self.eps * along(np.abs(direction), np.abs(gradients[name])), TINY)
        noise = self.noise(cotangent)
        atol = self.atol * norm(direction)
        phi = partial(self.changes, name, direction, cotangent)
        numeric = slope(phi, *TRIALS[0], noise)
        is_noise = partial(self.is_noise, name, direction, cotangent, analytic)

        def settled(found: Slope) -> bool:
            return self.is_settled(analytic, found, atol) or is_noise(found)

        apart = None
        if not settled(numeric):
            apart = kink(phi, noise, 0.1 * self.rtol)
            numeric = numeric if apart else surest_slope(phi, noise, settled)
        numeric = numeric._replace(error=numeric.error + rounding)
        if apart is None:
            opinion = self.opinion(analytic, numeric, phi, noise, is_noise, atol)
        else:
            opinion = self.one_sided(analytic, numeric, *apart, noise, atol)
        if opinion.verdict is Verdict.EDGE and name in self.subject.bounds:
            side = side_inside(phi, noise)
            if np.isfinite(side.error):
                verdict = judge(analytic, side, self.rtol, atol)
                opinion = Opinion(verdict, "on one side, at a bound", side)
        verdict, note, numeric, slopes = opinion
        size = max(abs(analytic), abs(numeric.value))
        held_back = numeric.change == 0 and size * numeric.radius < self.inside.stair
        if verdict is Verdict.WRONG and held_back:
            verdict, note = Verdict.INCONCLUSIVE, TOO_NOISY
        if verdict is Verdict.WRONG and turns(numeric, analytic, noise):
            verdict, note = Verdict.INCONCLUSIVE, TURNS
        finite = np.isfinite(self.base).all() and np.isfinite(numeric.value)
        if verdict is Verdict.WRONG and not (np.isfinite(analytic) or finite):
            verdict, note = Verdict.EDGE, "the output, or its derivative, is not finite here"
        scale = entry(direction) * entry(cotangent)  # a partial derivative, where one entry moves
        return Finding(
            order=self.order,
            name=name,
            index=place_of(direction),
            output=place_of(cotangent),
            analytic=analytic / scale + 0.0,  # which a negative 0 becomes
            numeric=numeric.value / scale + 0.0,
            error=numeric.error / abs(scale),
            tolerance=max(self.rtol * size, atol) / abs(scale),
            verdict=verdict,
            slopes=tuple(x / scale for x in slopes[:: int(np.sign(entry(direction)))]),
            note=note,
            scale=scale,
            direction=direction,
        )

    def noise(self, cotangent: Array) -> float:
        """How much rounding the output alone may change what is weighted by `cotangent`."""
        finite = np.where(np.isfinite(self.base), self.base, 0.0)
        return self.eps * norm(cotangent * finite)

    def changes(self, name: str, direction: Array, cotangent: Array, ts: Array) -> Array:
        """φ(t): how much the weighted output changes at t · direction, for each of `ts`."""
        base, *moved = self.outputs(name, direction, ts)
        if not np.isfinite(base).all():  # an infinity that stays does not change
            moved = [np.where(y == base, 0.0, y - base) for y in moved]
            base = np.zeros(base.shape)
        return np.asarray([(cotangent * (y - base)).sum() for y in moved])

    def is_settled(self, analytic: float, found: Slope, atol: float = 0.0) -> bool:
        """Whether no slope that is more certain could change the verdict."""
        allowed = max(self.rtol * max(abs(analytic), abs(found.value)), atol)
        if abs(analytic - found.value) > 10 * (allowed + TRUST * found.error):
            return True
        if analytic == 0 and judge(analytic, found, self.rtol, atol) is Verdict.OK:
            return True
        return math.isfinite(found.error) and found.error <= 0.1 * allowed

    def opinion(
        self,
        analytic: float,
        numeric: Slope,
        phi: Curve,
        noise: float,
        is_noise: Test,
        atol: float = 0.0,
    ) -> Opinion:
        """The verdict, after as many second opinions as it takes."""
        verdict, note = judge(analytic, numeric, self.rtol, atol), ""
        if verdict is Verdict.WRONG:
            numeric = nearest(phi, numeric, noise, abs(analytic - numeric.value))
            verdict = judge(analytic, numeric, self.rtol, atol)
        clear = abs(analytic - numeric.value) > CLEAR * numeric.error
        clear = clear and continuous(phi, numeric, noise)
        if verdict is Verdict.WRONG or analytic == numeric.value == 0:
            flat = analytic == 0 and hidden(phi, noise, numeric.radius)
            doubt = stair(phi, noise, FINE if analytic == 0 else (1.0,)) or flat
            if doubt:
                return Opinion(Verdict.INCONCLUSIVE, doubt, numeric)
        if verdict is Verdict.WRONG and np.isfinite(numeric.error) and not clear:
            numeric = repeated(phi, numeric, noise)
            verdict = judge(analytic, numeric, self.rtol, atol)
        if verdict is not Verdict.OK and is_noise(numeric):
            verdict, note = Verdict.OK, "0 to within rounding"
        if verdict is not Verdict.OK and not clear:  # the two-sided derivative of a kink is none
            return self.one_sided(analytic, numeric, *sides(phi, noise), noise, atol)
        return Opinion(verdict, note, numeric)

    def outputs(self, name: str, direction: Array, ts: Array) -> Iterator[Array]:
        """The outputs at the point itself, and at t · direction from it for each of `ts`.

        Outside the domain, and the bounds, they are NaN.
        """
        if direction.size <= SMALL and (
            seen := self.seen.get((name, direction.tobytes(), ts.tobytes()))
        ):
            yield from seen
            return
        number = self.subject.numbers[name]
        within: list[Any] = [True] * len(ts)
        if name in self.subject.bounds:
            low, high = self.subject.bounds[name]
            moved = (number + t * direction for t in ts)
            within = [np.all((low <= x) & (x <= high)) for x in moved]
        inside = (0.0, *compress(ts, within))

        def points() -> Iterator[Number]:
            return (like(number, number + t * direction) for t in inside)

        found = iter(self.at_once(name, points()) or self.called(name, points()))
        if all(within):
            yield from found
            return
        nowhere = np.full(self.base.shape, np.nan)
        for is_within in (True, *within):
            yield next(found) if is_within else nowhere

    def at_once(self, name: str, line: Iterable[Number]) -> list[Array]:
        """What a quicker line gives; nothing where there is none, or a number lies outside."""
        if self.line is None or name not in self.line:
            return []
        try:
            return list(self.line(self.subject.numbers, name, line))
        except GradientError:
            raise
        except Exception:
            return []

    def called(self, name: str, line: Iterable[Number]) -> Iterator[Array]:
        """The output at each of these numbers, of which the first is at the point itself."""
        yield self.base
        for moved in islice(line, 1, None):
            try:
                with np.errstate(all="ignore"), self.subject.at({name: moved}) as call:
                    output = np.asarray(call.raw)
            except GradientError:
                raise
            except Exception:  # outside the domain a function may do anything
                output = np.full(self.base.shape, np.nan)
            if output.shape != self.base.shape:
                raise GradientError(
                    f"{self.subject.name} must return the same shape for the same shapes, "
                    f"got {self.base.shape} and {output.shape} for other numbers"
                )
            yield output

    @cached_property
    def line(self) -> Line | None:
        return self.subject.line(self.call, nearby(self.subject, np.random.default_rng(0)))

    @cached_property
    def inside(self) -> Inside:
        return self.call.inside(like(self.call.raw, self.cotangent))

    def one_sided(
        self,
        analytic: float,
        numeric: Slope,
        left: Slope,
        right: Slope,
        noise: float,
        atol: float = 0.0,
    ) -> Opinion:
        """The verdict where no two-sided derivative is certain: kink, jump, edge, or too noisy."""
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
                if judge(analytic, side, self.rtol, atol) is Verdict.OK:
                    return Opinion(Verdict.OK, "on one side", side)
            verdict = judge(analytic, numeric, self.rtol, atol)
            return Opinion(verdict, TOO_NOISY if verdict is Verdict.INCONCLUSIVE else "", numeric)
        if abs(left.value - right.value) > TRUST * error:
            verdict = judge_kink(analytic, left, right, self.rtol, atol)
            return Opinion(verdict, "", numeric, slopes)
        better = right._replace(value=sum(slopes) / 2, error=error)
        better = min(better, numeric, key=lambda found: found.error)
        return Opinion(judge(analytic, better, self.rtol, atol), "", better)

    def is_noise(
        self, name: str, direction: Array, cotangent: Array, analytic: float, numeric: Slope
    ) -> bool:
        """Whether both derivatives are 0 but for rounding, as for a shift in front of a softmax.

        They are tiny beside the gradients inside the graph, and the analytic one is as large as its
        own changes when every number moves by a few units in the last place.
        """
        size = max(abs(analytic), abs(numeric.value), numeric.error)
        if not (np.isfinite(size) and size <= 1e-12 * self.inside.gradient):
            return False
        spread = TRUST * numeric.error
        rng = np.random.default_rng(0)
        for _ in range(4):
            numbers = {
                key: like(x, x * (1 + rng.choice((-4 * self.eps, 4 * self.eps), np.shape(x))))
                for key, x in self.subject.numbers.items()
            }
            with self.subject.at(numbers) as call:
                moved = along(direction, call.gradients(cotangent, [name])[name])
            spread = max(spread, abs(moved - analytic))
        return max(abs(analytic), abs(numeric.value)) <= TRUST * spread


def additive(whole: Finding, parts: list[Finding]) -> bool:
    """Whether numeric derivatives add up as those of a differentiable function do."""
    errors = sum(f.error * abs(f.scale) for f in (whole, *parts))
    apart = abs(whole.numeric * whole.scale - sum(f.numeric * f.scale for f in parts))
    return not apart > TRUST * errors + whole.tolerance * abs(whole.scale)
