"""`audit`: which mutants does a check kill, and can it fail at all?"""

import signal
import sys
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from autograd import Node, Observer, observing
from autograd.core import walk as backprop
from autograd.core.modes import without_shortcuts
from autograd.core.node import raw
from autograd.core.walk import Step
from autograd.errors import VacuousCheckWarning
from autograd.testing.mutation.mutants import Mutant, Target, mutants

PATIENCE = 15.0  # seconds; a mutant that runs longer than that counts as killed
NEGLIGIBLE = 1e-9  # a gradient this much smaller than what flows is cancellation, that is 0

Check = Callable[[], object]


class Audit(NamedTuple):
    """What became of every mutant; prints as a summary."""

    killed: dict[Mutant, str]  # those that the check noticed, each with how
    survived: list[Mutant]  # those that it did not
    vacuous: list[str]  # a sentence for each input whose gradient the check can't find wrong

    @property
    def score(self) -> float:
        """The share of mutants killed; 1 where there were none."""
        return len(self.killed) / (len(self.killed) + len(self.survived) or 1)

    def __str__(self) -> str:
        all_of = Counter(m.target for m in (*self.killed, *self.survived))
        alive = Counter(m.target for m in self.survived)
        score = f"{len(self.killed)} of {all_of.total()} mutants killed ({100 * self.score:.1f} %)"
        lines = [score, *(f"  {t}: {n} of {all_of[t]} survive" for t, n in alive.most_common())]
        lines += [f"    {mutant}" for mutant in self.survived]
        return "\n".join(lines + [f"vacuous: {sentence}" for sentence in self.vacuous])


def audit(
    check: Check, of: Target | Iterable[Target] | None = None, *, patience: float = PATIENCE
) -> Audit:
    """Run `check` against wrong versions of what it uses, and say which it notices.

    A mutant is killed when the check raises or does not end. Only mutants of functions that the
    check really runs are tried.

    Args:
        check: a test of your own: takes nothing, raises where a gradient is wrong.
        of: as for `mutants`; None is every rule and the engine.
        patience: seconds after which a run counts as endless.

    Raises:
        AssertionError: the check fails as it is, with nothing wrong.

    Warns:
        VacuousCheckWarning: the check also passes with some input's gradient set to 0: what it
            differentiates does not depend on that input (`.sum()` after softmax or layer norm, a
            power of 0), or its tolerance is above the gradient.

    >>> from autograd import Value, grad, tanh
    >>> def check():
    ...     x = Value(0.5)
    ...     assert abs(grad(x.tanh(), x) - 0.7864477) < 1e-6
    >>> result = audit(check, of=tanh)
    >>> result.score > 0.5  # at one point, and not to second order:
    True
    >>> "cut from the graph" in {mutant.operator for mutant in result.survived}
    True
    """
    flows = _Flows()
    with observing(flows), profiled() as codes:
        outcome = outcome_of(check, patience)
    if outcome is not None:
        raise AssertionError(f"the check must pass before it is audited, but: {described(outcome)}")
    vacuous = list(_vacuous(check, flows, patience))
    for sentence in vacuous:
        warnings.warn(sentence, VacuousCheckWarning, stacklevel=2)
    killed, survived = {}, []
    for mutant in [mutant for mutant in mutants(of) if mutant.function.__code__ in codes]:
        with mutant:
            outcome = outcome_of(check, patience)
        if outcome is None:
            survived.append(mutant)
        else:
            killed[mutant] = described(outcome)
    return Audit(killed, survived, vacuous)


class OutOfPatience(BaseException):
    """Not an Exception, which the code under test might catch only to go on for ever."""


def outcome_of(check: Check, patience: float = PATIENCE) -> BaseException | None:
    """How the check failed, None if it passed."""
    try:
        with _patience(patience), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check()
    except (OutOfPatience, Exception) as error:
        return error
    return None


def described(outcome: BaseException) -> str:
    late = isinstance(outcome, OutOfPatience)
    return str(outcome) if late else f"{type(outcome).__name__}: {outcome}"


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Within it what lasts longer is broken off, where the system can (not on Windows)."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not (in_main_thread and hasattr(signal, "setitimer")):
        yield
        return

    def expired(*_: Any) -> None:
        raise OutOfPatience(f"no result after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def profiled() -> Iterator[set[CodeType]]:
    """The code of every Python function that runs within."""
    codes: set[CodeType] = set()
    before = sys.getprofile()
    sys.setprofile(lambda frame, event, _: codes.add(frame.f_code) if event == "call" else None)
    try:
        yield codes
    finally:
        sys.setprofile(before)


class _Flows(Observer):
    """The largest gradient at each leaf, and the largest that flows anywhere."""

    def __init__(self) -> None:
        self.leaves: dict[str, float] = {}
        self.largest = 0.0

    def stepped(self, step: Step) -> None:
        size = float(np.max(np.abs(raw(step.gradient)), initial=0.0))
        self.largest = max(self.largest, size)
        if step.node.op is None:
            name = _leaf_name(step.node)
            self.leaves[name] = max(self.leaves.get(name, 0.0), size)


def _leaf_name(leaf: Node[Any]) -> str:
    return repr(leaf.label) if leaf.label else f"a leaf of shape {leaf.shape}"


def _vacuous(check: Check, flows: _Flows, patience: float) -> Iterator[str]:
    """A sentence for every leaf whose gradient may be 0 with nobody noticing."""
    for name, size in flows.leaves.items():
        with _silenced(name):
            unnoticed = outcome_of(check, patience) is None
        if unnoticed and size <= NEGLIGIBLE * flows.largest:
            yield (
                f"the check can't fail for {name}: its gradient is 0 there, whatever the rules are "
                f"(as after .sum() of a softmax or of a layer norm, or for x**0); "
                f"weight the output by random numbers, or move the point"
            )
        elif unnoticed:
            yield (
                f"the check can't fail for {name}: its tolerance is above the gradient, which is "
                f"at most {size:.3g}; make the tolerance relative"
            )


@contextmanager
def _silenced(name: str) -> Iterator[None]:
    """Within it the gradient of every leaf of that name is 0."""
    walk: Any = backprop.propagate

    def silent(*args: Any) -> Iterator[Step]:
        for step in walk(*args):
            mute = step.node.op is None and _leaf_name(step.node) == name
            yield step._replace(gradient=0.0 * step.gradient) if mute else step

    backprop.propagate = silent  # type: ignore[assignment]
    try:
        with without_shortcuts():
            yield
    finally:
        backprop.propagate = walk
