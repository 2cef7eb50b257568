"""One node's rules by themselves, without the engine: are they right for its own operation?"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from autograd import Node, subgradient
from autograd.core.node import raw
from autograd.core.numbers import Array
from autograd.core.primitive import Rule
from autograd.testing.checker.calls import GraphCall, leaf_of
from autograd.testing.checker.numeric import TINY, Verdict
from autograd.testing.checker.passes import identical
from autograd.testing.checker.probe import Probe
from autograd.testing.checker.report import Culprit, Finding, written_at
from autograd.testing.checker.subject import Bounds, Number, Numbers, like, quiet

BUDGET = 4  # directions for each operand


class Local:
    """A node's primitive as a function of its operands: the `Subject` of its rules."""

    rounding = 0.0
    bounds: Mapping[str, Bounds] = {}

    def __init__(self, node: Node[Any]) -> None:
        assert node.op is not None
        self.node, self.op, self.name = node, node.op, node.op.name
        self.numbers = {str(i): x.raw for i, x in enumerate(node.operands) if isinstance(x, Node)}

    @contextmanager
    def at(self, moved: Numbers) -> Iterator[GraphCall]:
        numbers = {**self.numbers, **moved}
        leaves = {name: leaf_of(number, None) for name, number in numbers.items()}
        operands = [leaves.get(str(i), x) for i, x in enumerate(self.node.operands)]
        yield LocalCall(leaves, self.op(*operands, **self.node.params))

    def line(self, call: GraphCall, moved: Numbers) -> None:
        """There is no quicker way."""

    def gradient(self, cotangent: Number) -> None:
        """It is not differentiated again."""


class LocalCall(GraphCall):
    """One primitive's call, with the gradients that its rules give without the engine."""

    def gradients(self, seed: Number, names: list[str] | None = None) -> Numbers:
        return {str(i): g for i, g in contributions(self.output, seed).items()}


def faults(node: Node[Any], rtol: float, rng: np.random.Generator) -> Iterator[Culprit]:
    """What is remarkable about the rules of `node`: wrong, at a kink, at the edge."""
    local, cotangent = Local(node), rng.normal(size=node.shape)
    probe = Probe(local, LocalCall({}, node), cotangent, 1, rtol)
    # At a kink the NaN of a chosen slope is what another rule asked for, and no fault.
    at_kink = node.op is subgradient and np.equal(*raw_operands(node)[2:]).any()
    for name in () if at_kink else local.numbers:
        for f in probe.findings(name, BUDGET, rng):
            if f.verdict is Verdict.WRONG:
                yield wrong_rule(node, f)
            elif f.verdict is Verdict.KINK:
                yield Culprit("kink", name_of(node), node, int(name))
            elif f.verdict is Verdict.EDGE:
                message = f"{name_of(node)} is at the edge of its domain, or overflows"
                yield Culprit("edge", message, node, int(name))
    once, twice = contributions(node, cotangent), contributions(node, -2.0 * cotangent)
    for i, g in once.items():
        if not np.allclose(-2.0 * g, twice[i], rtol=0, atol=TINY, equal_nan=True):
            message = f"the rule of {name_of(node)} is not linear in the upstream gradient"
            yield Culprit("rule", message, node, i)


def wrong_rule(node: Node[Any], found: Finding) -> Culprit:
    """The rule, with both derivatives, and where it is written."""
    assert node.op is not None
    place = int(found.name)
    numbers = f"analytic {found.analytic:.8g}, numeric {found.numeric:.8g} ± {found.error:.1g}"
    message = f"the rule of {name_of(node)} for its operand {place}: {numbers}"
    where = written_at(node.op.vjps[0 if node.op.variadic else place])
    return Culprit("rule", message + where, node, place)


class RuleError(Exception):
    """A rule of `node` raised, returned what is no gradient, or changed what it was given."""

    def __init__(self, node: Node[Any], message: str) -> None:
        super().__init__(message)
        self.node = node


def contributions(node: Node[Any], gradient: Number) -> dict[int, Array]:
    """What the rules of `node` send on by operand, with nothing of the engine; not broadcast."""
    gradient = like(node.raw, gradient)
    given = [gradient, node.raw, *raw_operands(node)]
    values = [np.array(x, float) if isinstance(x, np.ndarray) else x for x in given]
    sent: dict[int, Array] = {}
    for i, rule in rules_of(node):
        shape = node.operands[i].shape
        try:
            with np.errstate(all="ignore"):
                try:
                    contribution = rule(*values, **node.params)
                except ArithmeticError:  # Python's floats raise where IEEE 754 has an answer
                    contribution = rule(*map(np.float64, values), **node.params)
                contribution = _settled(node, gradient, np.asarray(contribution))
                sent[i] = undone(contribution, shape)
        except Exception as error:
            raise RuleError(node, f"raises {type(error).__name__}: {error}") from error
    if not all(map(identical, given, values)):
        raise RuleError(node, "changes a number that it was given")
    return sent


def must_record(node: Node[Any]) -> None:
    """
    Raises:
        RuleError: a rule does not run on nodes, which a second derivative asks of it.
    """
    upstream = leaf_of(like(node.raw, np.ones(node.shape)), None)
    for _, rule in rules_of(node):
        try:
            with quiet():
                rule(upstream, node, *node.operands, **node.params)
        except Exception as error:
            raise RuleError(node, f"raises {type(error).__name__}: {error}") from error


def _settled(node: Node[Any], gradient: Number, contribution: Array) -> Array:
    """A NaN that a gradient of 0 would send is none: what the walk does, with nothing of it."""
    assert node.op is not None
    numeric = contribution.dtype.kind == "f"
    if node.op.marks or not (numeric and np.isnan(contribution).any()):
        return contribution
    zero = np.equal(gradient, 0.0) if node.op.scalar is not None else not np.any(gradient)
    return np.where(zero & np.isnan(contribution), 0.0, contribution)


def rules_of(node: Node[Any]) -> Iterator[tuple[int, Rule]]:
    """The rule of every operand that is a node, by its position, and not asking the engine."""
    assert node.op is not None
    for i, operand in enumerate(node.operands):
        rule = node.op.vjps[0 if node.op.variadic else i]
        if isinstance(operand, Node):
            if rule is None:
                yield i, lambda *_, operand=operand, **__: np.zeros(operand.shape)
            else:
                yield i, partial(rule, i) if node.op.variadic else rule


def undone(contribution: Array, shape: tuple[int, ...]) -> Array:
    """`contribution` summed over the axes along which `shape` was broadcast."""
    have, lead = contribution.shape, contribution.ndim - len(shape)
    if np.broadcast_shapes(have, shape) != have:
        raise ValueError(f"a gradient of shape {have} for an operand of shape {shape}")
    contribution = contribution.sum(axis=tuple(range(lead)))
    stretched = [i for i, n in enumerate(shape) if contribution.shape[i] != n]
    return contribution.sum(axis=tuple(stretched), keepdims=True)


def raw_operands(node: Node[Any]) -> list[Any]:
    """The numbers that the operation of `node` was called on."""
    return list(map(raw, node.operands))


def name_of(node: Node[Any]) -> str:
    if node.op is None:
        return node.label or "an input"
    shapes = ", ".join(str(np.shape(x)) for x in raw_operands(node))
    label = f" {node.label!r}" if node.label else ""
    return f"{node.op.name}({shapes}){label}"
