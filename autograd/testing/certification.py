"""`certify`: everything the checker knows, for one row of the table."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from autograd import (
    Node,
    Primitive,
    Tensor,
    Value,
    grad,
    scalarize,
    sort,
    stop_gradient,
    subgradient,
)
from autograd.core.numbers import Array
from autograd.core.primitive import Params
from autograd.errors import GradientError
from autograd.testing.checker.calls import leaf_of
from autograd.testing.checker.check import examine
from autograd.testing.checker.nesting import flat
from autograd.testing.checker.numeric import Verdict
from autograd.testing.checker.report import Report
from autograd.testing.checker.subject import like
from autograd.testing.regular import regular

SPECIAL = (0.0, 1.0, -1.0, 2.0)  # zeros, and numbers that make ties
ELEMENTWISE_SHAPES: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((), ()), ((2, 3), (2, 3)), ((3,), (2, 3)), ((2, 1), (1, 3)), ((1, 1), (1, 1)),
    ((0, 3), (0, 3)),
)  # fmt: skip
BUDGET = 6


@dataclass(frozen=True)
class Case:
    """A primitive with parameters, on operands of certain shapes."""

    primitive: Primitive
    shapes: tuple[tuple[int, ...], ...]
    params: Params

    @property
    def __name__(self) -> str:
        params = "".join(f", {key}={value!r}" for key, value in self.params.items())
        return f"{self.primitive.name}({', '.join(map(str, self.shapes))}{params})"

    def __call__(self, *operands: Any) -> Any:
        return self.primitive(*operands, **self.params)

    def works(self) -> bool:
        """Whether the primitive takes such shapes with such parameters."""
        try:
            with np.errstate(all="ignore"):
                self(*self.numbers(np.random.default_rng(0)))
        except (IndexError, TypeError, ValueError):
            return False
        return True

    def numbers(self, rng: np.random.Generator) -> list[Array]:
        """Operands inside the domain."""
        domain = self.primitive.domain * (len(self.shapes) if self.primitive.variadic else 1)
        drawn = [rng.uniform(*at, shape) for at, shape in zip(domain, self.shapes, strict=True)]
        return self._regular(drawn)

    def _regular(self, numbers: list[Any]) -> list[Any]:
        if not self.primitive.regular or numbers[0].ndim < 2:
            return numbers
        return [regular(numbers[0], self.primitive.domain[0][1]), *numbers[1:]]

    def special(self) -> list[Array]:
        """Operands with zeros and ties, in the domain or not."""
        return self._regular([np.resize(SPECIAL, shape) for shape in self.shapes])


def certify(primitive: Primitive, *, rtol: float = 1e-6, seed: int = 0) -> list[Report]:
    """Check a row of the table in every way, and report every check: for primitives of your own.

    For all its `cases` (elementwise rows: also broadcasting shapes), with given and default
    parameters, and with axes of size 0 and 1: the gradients to second order inside its `domain`,
    in float32 too; nothing wrong at zeros and ties; linear operands by ⟨Lx, y⟩ = ⟨x, Lᵀy⟩; and the
    same numbers on Values, on Tensors, and on the scalarized graph. A row whose rules are all None
    must be locally constant (`stop_gradient` excepted, which is there to break this).

    Raises:
        GradientError: the first check that failed, with its `report`.

    >>> from autograd import tanh
    >>> len(certify(tanh)) > 5
    True
    """
    rng = np.random.default_rng(seed)
    reports: list[Report] = []
    tried = cases(primitive)
    if not any(math.prod(shape) for case in tried for shape in case.shapes):
        raise GradientError(
            f"certify({primitive.name}): there is nothing to check; give the row a `scalar`, or "
            f"`cases` that it takes, as in [(((3,), (3,)), {{}})], with numbers from its `domain`"
        )
    for case in tried:
        for report in examined(case, rtol, rng):
            reports.append(report)
            if not report.ok:
                raise GradientError(str(report), report)
    return reports


def cases(primitive: Primitive) -> list[Case]:
    """The shapes and parameters to try."""
    found = []
    if primitive.scalar is not None:
        counts = (1, 2, 3) if primitive.variadic else (len(primitive.vjps),)
        for params in [params for _, params in primitive.cases] or [{}]:
            for shapes in ELEMENTWISE_SHAPES:
                found += [Case(primitive, (shapes * 2)[:n], params) for n in counts]
    for shapes, params in primitive.cases:
        found += [Case(primitive, shapes, params), Case(primitive, shapes, {})]
        for size in (0, 1):  # of the first axis
            resized = tuple((size, *shape[1:]) if shape else () for shape in shapes)
            found.append(Case(primitive, resized, params))
    return [case for case in {case.__name__: case for case in found}.values() if case.works()]


def examined(case: Case, rtol: float, rng: np.random.Generator) -> Iterator[Report]:
    """The checks of one case."""
    look = partial(examine, case, rtol=rtol, budget=BUDGET)
    numbers = case.numbers(rng)
    if case.primitive is not stop_gradient:
        yield look(*map(Tensor, numbers))
        if all(shape == () for shape in case.shapes):
            yield look(*map(Value, map(float, numbers)))
        yield look(*[Tensor(x.astype(np.float32)) for x in numbers], order=1)
        # Of three ties the middle one moves neither up nor down alone, whatever `sort` chooses; and
        # what stands for a slope that does not exist says NaN.
        if not case.primitive.marks and case.primitive not in (sort, subgradient):
            special = look(*map(Tensor, case.special()))
            sure = (Verdict.OK, Verdict.WRONG)
            special.findings = [f for f in special.findings if f.verdict in sure]
            yield special
    if not case.primitive.regular:
        yield law(case, "⟨Lx, y⟩ = ⟨x, Lᵀy⟩", adjoint(case, numbers, rng))
    yield law(case, "Values, Tensors and the scalarized graph agree", carriers(case, numbers, rng))


def law(case: Case, statement: str, broken: list[str]) -> Report:
    """The report on a law: one problem for everything that breaks it."""
    return Report(case.__name__, 0, 0.0, problems=[f"{statement}: not so {x}" for x in broken])


def adjoint(case: Case, numbers: list[Array], rng: np.random.Generator) -> list[str]:
    """Where the rule of an operand in which the primitive is linear is not its transpose."""
    broken = []
    leaves = [Tensor(x) for x in numbers]
    output = case(*leaves)
    y = like(output.raw, rng.normal(size=output.shape))
    rules = case.primitive.rules(tuple(leaves))
    for i, (x, rule) in enumerate(zip(numbers, rules, strict=True)):

        def apply(moved: Array, i: int = i) -> Array:
            return np.asarray(case(*numbers[:i], moved, *numbers[i + 1 :]))

        with np.errstate(all="ignore"):
            zero = apply(0.0 * x)
            image = apply(x) - zero
            other = rng.normal(size=x.shape)
            linear = close(apply(x + other) - zero, image + apply(other) - zero)
            linear = linear and close(apply(-x) - zero, -image)
        if rule is None or not linear or not np.isfinite(image).all():
            continue
        sent, returned = np.vdot(image, y), np.vdot(x, grad(output, leaves[i], y))
        if not np.isclose(sent, returned, rtol=1e-12, atol=1e-12 * (1 + x.size)):
            broken.append(f"in operand {i}: {sent:.12g} and {returned:.12g}")
    return broken


def carriers(case: Case, numbers: list[Array], rng: np.random.Generator) -> list[str]:
    """Where Values or the scalarized graph give other numbers than Tensors."""
    leaves = [Tensor(x, label=f"x{i}") for i, x in enumerate(numbers)]
    scalars: dict[Node[Any], Any] = {}
    output = case(*leaves)
    cotangent = like(output.raw, rng.normal(size=output.shape))
    gradients = grad(output, leaves, cotangent)
    expanded = [value for _, value in flat(scalarize(output, scalars))]
    broken = []
    if not close([v.item() for v in expanded], np.ravel(output.data)):
        broken.append("in the scalarized numbers")
    total = sum((v * c for v, c in zip(expanded, np.ravel(cotangent), strict=True)), Value(0.0))
    for i, (leaf, gradient) in enumerate(zip(leaves, gradients, strict=True)):
        if not close(grad(total, list(scalars[leaf].flat)), np.ravel(gradient)):
            broken.append(f"in the scalarized gradient for operand {i}")
    if case.primitive.scalar is not None:
        columns = map(np.ravel, [*np.broadcast_arrays(*numbers), output.data])
        for *row, expected in zip(*columns, strict=True):
            if not close([case(*[leaf_of(float(x), None) for x in row]).data], [expected]):
                broken.append(f"on Values at {', '.join(map(str, row))}")
    return broken


def close(some: ArrayLike, others: ArrayLike) -> bool:
    return np.allclose(some, others, rtol=1e-12, atol=1e-12)
