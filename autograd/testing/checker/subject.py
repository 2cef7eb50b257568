"""What the checker asks of what it checks: an output, and gradients, at one point and at others.

Nothing here knows of a graph: a pair of NumPy functions is a subject as well as a function of ours.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from autograd.core.numbers import Array
from autograd.errors import GradientError

Number = float | Array  # what a node holds
Numbers = dict[str, Number]
Bounds = tuple[ArrayLike, ArrayLike]  # the least and the largest numbers that make sense
ANYWHERE = (-np.inf, np.inf)
SMALLEST = 1e-3  # an entry's size, of which steps are parts, where it is (nearly) 0


class Inside(NamedTuple):
    """Of what happens on the way to an output with a cotangent."""

    gradient: float  # the largest one
    stair: float  # how far rounding may hold back the output, which moves in steps of that height


class Call(Protocol):
    """One call of a subject: what went in, what came out, and its derivatives."""

    @property
    def numbers(self) -> Numbers: ...

    @property
    def raw(self) -> Number: ...

    def gradients(self, cotangent: Number, names: list[str] | None = None) -> Numbers:
        """The vector-Jacobian product, by name."""

    def certain(self, cotangent: Number) -> Numbers:
        """The gradients to be compared with numeric ones."""

    def inside(self, cotangent: Number) -> Inside: ...


class Line(Protocol):
    """The outputs with each of `others` in place of the number under `name`, quicker than calls."""

    def __contains__(self, name: str) -> bool: ...

    def __call__(
        self, numbers: Numbers, name: str, others: Iterable[Number]
    ) -> Iterator[Array]: ...


class Subject(Protocol):
    """A function with numbers to differentiate it for; within `at` it is called on others."""

    name: str
    numbers: Numbers
    bounds: Mapping[str, Bounds]  # of some of the numbers
    rounding: float  # by which two passes may differ, relatively

    def at(self, moved: Numbers) -> AbstractContextManager[Call]: ...

    def line(self, call: Any, moved: Numbers) -> Line | None:
        """A quicker way to its outputs, where it is as good: tried with all numbers `moved`."""

    def gradient(self, cotangent: Number) -> "Subject | None":
        """The gradient as a function of the same numbers and of the cotangent, where it is one."""


class BackwardError(GradientError):
    """The backward pass raised something."""


def like(number: Number, other: Number) -> Number:
    """`other` as a float where `number` is one."""
    return float(other) if type(number) is float else other


def same(before: object, after: Any) -> bool:
    return not isinstance(before, np.ndarray) or np.array_equal(before, after, equal_nan=True)


def kind(leaf: object) -> str:
    return f"an array of {leaf.dtype}" if isinstance(leaf, np.ndarray) else type(leaf).__name__


@contextmanager
def quiet() -> Iterator[None]:
    """Within it a number that is not finite is no news: the verdict tells of it."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the output .* is finite|the output is finite")
        yield


@contextmanager
def backward_pass() -> Iterator[None]:
    """What is raised within is told as a `BackwardError`: rules may raise anything."""
    try:
        yield
    except GradientError:
        raise
    except Exception as error:
        raise BackwardError(f"the backward pass raises {type(error).__name__}: {error}") from error


def sizes(x: Number) -> Array:
    """What a step in each entry is a part of."""
    return np.fmax(np.abs(x), SMALLEST)  # a NaN has a step too, and so a verdict


def nearby(subject: Subject, rng: np.random.Generator) -> Numbers:
    """Every number changed by up to a twentieth of its size, within its bounds."""
    moved: Numbers = {}
    for name, x in subject.numbers.items():
        other = x + 0.05 * rng.uniform(-1, 1, np.shape(x)) * sizes(x)
        moved[name] = like(x, np.clip(other, *subject.bounds.get(name, ANYWHERE)))
    return moved


def bounds_for(numbers: Numbers, bounds: Bounds | Mapping[str, Bounds] | None) -> dict[str, Bounds]:
    """The bounds of each of the numbers that has some, which lie within them."""
    if bounds is None:
        return {}
    given = dict(bounds) if isinstance(bounds, Mapping) else dict.fromkeys(numbers, bounds)
    for name, pair in given.items():
        if name not in numbers:
            raise ValueError(f"bounds are for {', '.join(numbers)}, got some for {name}")
        low, high = pair
        if not (np.less_equal(low, numbers[name]) & np.less_equal(numbers[name], high)).all():
            raise ValueError(f"{name} must lie between its bounds {low!r} and {high!r}")
    return given


def widened(number: Any) -> Number:
    """float32 as float64: derivatives are certified there."""
    return number if type(number) is float else number.astype(float, copy=False)
