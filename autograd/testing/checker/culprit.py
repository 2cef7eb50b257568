"""The localiser: which rule, or whether the engine, made a gradient wrong.

Every node's own rules are compared with the numeric derivative of its own primitive at its recorded
operands, upwards from the leaves. Then the cotangents are accumulated a second time, from the rules
alone and with no code of the engine, and compared with what the engine's walk gave each node.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from traceback import walk_tb
from typing import Any

import numpy as np

from autograd import Node, neg, observing, steps, stop_gradient, subgradient
from autograd.core.node import new_node, raw
from autograd.core.numbers import Array
from autograd.core.primitive import Rule
from autograd.testing.checker.numeric import Verdict
from autograd.testing.checker.passes import TINY, identical
from autograd.testing.checker.probe import Probe
from autograd.testing.checker.replay import Escapes
from autograd.testing.checker.report import Culprit, Report

from autograd.testing.checker.subject import (  # isort: skip
    BackwardError, Call, Function, Gradient, Number, Numbers, Subject, leaf_of, like,
)  # fmt: skip

BUDGET = 4  # directions for each operand
PER_KIND = 50  # nodes of one primitive and shape that are examined in a large graph


def locate(subject: Subject, call: Call, cotangent: Number, report: Report) -> Culprit:
    """Who is to blame for what `report` found."""
    try:
        return _located(subject, call, cotangent, report)
    except RuleError as error:
        cause = error.__cause__ or error
        if any(frame.f_code is new_node.__code__ for frame, _ in walk_tb(cause.__traceback__)):
            return Culprit("engine", f"the engine: recording {error}", error.node)
        return Culprit("rule", f"the rule of {name_of(error.node)} {error}", error.node)
    except Exception as error:  # the function itself has run: this is what carries its gradient
        return Culprit("engine", f"the engine: it raises {type(error).__name__}: {error}")


def _located(subject: Subject, call: Call, cotangent: Number, report: Report) -> Culprit:
    if neg(call.output).op is None:
        return Culprit("engine", "the engine: it records nothing; is no_grad() on?")
    rng = np.random.default_rng(report.seed)
    found: dict[str, list[Culprit]] = {"kink": [], "edge": []}
    for node in first_of_each_kind(recorded(call.output)):
        if not replays(node):
            message = f"the engine: {name_of(node)} is not recorded as it was computed"
            return Culprit("engine", message, node)
        for fault in faults(node, report.rtol, rng):
            if fault.kind == "rule":
                return fault
            found[fault.kind].append(fault)
    if found["edge"] and report.verdict is Verdict.EDGE:
        return found["edge"][0]
    blamed = accumulation_fault(call, cotangent) or unrecorded_fault(subject, report.rtol, rng)
    if blamed is not None:
        return blamed
    if report.problems:
        return Culprit("engine", "the engine: every rule by itself is right")
    escaped = escapes(subject)
    if escaped:
        read = f"it reads the number of {escaped}, where no gradient follows"
        return Culprit("escape", f"{subject.name} itself: {read}")
    if found["kink"]:
        places = ", ".join(dict.fromkeys(kink.message for kink in found["kink"]))
        message = f"the chain rule does not hold at this kink: {places}"
        return Culprit("kink", message, found["kink"][0].node)
    return Culprit("unknown", "unknown: every rule by itself and their accumulation are right")


def recorded(output: Node[Any]) -> list[Node[Any]]:
    """The graph in recorded order, found without the engine, which may be the one to blame."""
    found, stack = {output}, [output]
    while stack:
        operands = {x for x in stack.pop().operands if isinstance(x, Node)} - found
        found |= operands
        stack += operands
    return sorted(found, key=lambda node: node.index)


def first_of_each_kind(nodes: list[Node[Any]]) -> list[Node[Any]]:
    """The nodes that have rules to examine: of each kind all, or the first few."""
    seen: dict[Any, int] = {}
    chosen = []
    for node in nodes:
        if node.op in (None, stop_gradient):  # which means to have no derivative
            continue
        key = node.op, tuple(map(np.shape, raw_operands(node))), str(node.params)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= PER_KIND:
            chosen.append(node)
    return chosen


def raw_operands(node: Node[Any]) -> list[Any]:
    """The numbers that the operation of `node` was called on."""
    return list(map(raw, node.operands))


def replays(node: Node[Any]) -> bool:
    """Whether the operation, called again on its operands, gives the number of `node`."""
    assert node.op is not None
    again = node.op(*raw_operands(node), **node.params)
    return identical(again, node.raw) and node.params.keys() == node.op.params.keys()


# --- one rule by itself -----------------------------------------------------------------------


class Local:
    """A node's primitive as a function of its operands: the `Subject` of its rules."""

    def __init__(self, node: Node[Any]) -> None:
        assert node.op is not None
        self.node, self.op, self.name = node, node.op, node.op.name
        self.numbers = {str(i): x.raw for i, x in enumerate(node.operands) if isinstance(x, Node)}

    @contextmanager
    def at(self, moved: Numbers) -> Iterator[Call]:
        numbers = {**self.numbers, **moved}
        leaves = {name: leaf_of(number, None) for name, number in numbers.items()}
        operands = [leaves.get(str(i), x) for i, x in enumerate(self.node.operands)]
        yield LocalCall(leaves, self.op(*operands, **self.node.params))


class LocalCall(Call):
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
                numbers = f"analytic {f.analytic:.8g}, numeric {f.numeric:.8g} ± {f.error:.1g}"
                message = f"the rule of {name_of(node)} for its operand {name}: {numbers}"
                yield Culprit("rule", message, node, int(name))
            elif f.verdict is Verdict.KINK:
                yield Culprit("kink", name_of(node), node, int(name))
            elif f.verdict is Verdict.EDGE:
                message = f"{name_of(node)} is at the edge of its domain"
                yield Culprit("edge", message, node, int(name))
    once, twice = contributions(node, cotangent), contributions(node, -2.0 * cotangent)
    for i, g in once.items():
        if not np.allclose(-2.0 * g, twice[i], rtol=0, atol=TINY, equal_nan=True):
            message = f"the rule of {name_of(node)} is not linear in the upstream gradient"
            yield Culprit("rule", message, node, i)


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
    upstream = leaf_of(gradient, None)
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
                rule(upstream, node, *node.operands, **node.params)
        except Exception as error:
            raise RuleError(node, f"raises {type(error).__name__}: {error}") from error
    if not all(map(identical, given, values)):
        raise RuleError(node, "changes a number that it was given")
    return sent


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


# --- the engine -------------------------------------------------------------------------------


def accumulated(output: Node[Any], cotangent: Number) -> dict[Node[Any], Number]:
    """The gradient of every node, from the rules alone."""
    sums: dict[Node[Any], Number] = {output: cotangent}
    for node in reversed(recorded(output)):
        if node.op is not None:
            for i, sent in contributions(node, sums[node]).items():
                operand = node.operands[i]
                sums[operand] = sums.get(operand, 0.0) + sent
    return sums


def accumulation_fault(call: Call, cotangent: Number) -> Culprit | None:
    """The first node, in backprop's order, whose gradient is not the sum of what it was sent."""
    walked = {step.node: step.gradient for step in steps(call.output, cotangent)}
    sums = accumulated(call.output, cotangent)
    for node in reversed(recorded(call.output)):
        sizes = np.abs(sums[node])
        small = 1e-12 * sizes[np.isfinite(sizes)].max(initial=0.0)
        gradient = walked.get(node, 0.0)
        if not np.allclose(gradient, sums[node], rtol=1e-9, atol=small, equal_nan=True):
            message = f"the engine: what reaches {name_of(node)} is added up wrongly"
            return Culprit("engine", message, node)
    return None


class AccumulatedCall(Call):
    """A call, with the gradients that the rules give without the engine."""

    def gradients(self, seed: Number, names: list[str] | None = None) -> Numbers:
        sums = accumulated(self.output, seed)
        return {name: sums.get(leaf, 0.0 * leaf.raw) for name, leaf in self.leaves.items()}


# --- what does not reach the graph ------------------------------------------------------------


def unrecorded_fault(subject: Subject, rtol: float, rng: np.random.Generator) -> Culprit | None:
    """In second order: the first node whose rule is right, but not when it is differentiated.

    Where the rule called by itself can be, but not as it is recorded, that is the engine's fault.
    """
    if not isinstance(subject, Gradient):
        return None
    with subject.subject.at({}) as call:
        nodes = first_of_each_kind(recorded(call.output))
    for node in nodes:
        upstream = like(node.raw, rng.normal(size=node.shape))

        def alone(*xs: Any, node: Node[Any] = node) -> Any:
            return node.op(*xs, **node.params)  # type: ignore[misc]

        for _, rule in rules_of(node):

            def direct(g: Any, *xs: Any, node: Node[Any] = node, rule: Any = rule) -> Any:
                found = rule(g, alone(*xs), *xs, **node.params)
                return found if isinstance(found, Node) else leaf_of(found, None)

            alike = Function(direct, (leaf_of(upstream, None), *node.operands))
            if contradicted(alike, AccumulatedCall, rtol, rng):
                message = f"the rule of {name_of(node)} is right, but its own derivative is not: "
                guess = "does it use raw numbers where it should use nodes?"
                return Culprit("rule", message + guess, node)
        second = Gradient(Function(alone, node.operands), upstream)
        if contradicted(second, Call, rtol, rng):
            right = f"the rule of {name_of(node)} can be differentiated"
            return Culprit("engine", f"the engine: {right}, but not as it is recorded", node)
    return None


def contradicted(subject: Subject, kind: type[Call], rtol: float, rng: np.random.Generator) -> bool:
    """Whether a numeric derivative contradicts the gradient of such a call, or that raises."""
    try:
        with subject.at({}) as call:
            cotangent = rng.normal(size=call.output.shape)
            probe = Probe(subject, kind(*call), cotangent, 1, rtol)
            found = [f for name in subject.numbers for f in probe.findings(name, BUDGET, rng)]
    except BackwardError:
        return True
    return any(finding.verdict is Verdict.WRONG for finding in found)


def escapes(subject: Subject) -> str:
    """The names of the nodes whose numbers are read while the subject runs."""
    observer = Escapes()
    with observing(observer), subject.at({}) as call:
        names = {leaf: name for name, leaf in call.leaves.items()}
        return ", ".join(dict.fromkeys(names.get(n) or name_of(n) for n in observer.nodes))


def name_of(node: Node[Any]) -> str:
    if node.op is None:
        return node.label or "an input"
    shapes = ", ".join(str(np.shape(x)) for x in raw_operands(node))
    label = f" {node.label!r}" if node.label else ""
    return f"{node.op.name}({shapes}){label}"
