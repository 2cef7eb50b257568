"""The localiser: which rule, or whether the engine, made a gradient wrong.

Every node's own rules are compared with the numeric derivative of its own primitive at its recorded
operands, upwards from the leaves. Then the cotangents are accumulated a second time, from the rules
alone and with no code of the engine, and compared with what the engine's walk gave each node.
"""

from collections.abc import Iterator
from itertools import chain
from traceback import walk_tb
from typing import Any

import numpy as np

from autograd import Node, neg, observing, steps, stop_gradient
from autograd.core.node import new_node
from autograd.core.numbers import Array
from autograd.testing.checker.calls import GraphCall, leaf_of
from autograd.testing.checker.graphs import Function, Gradient, Graph
from autograd.testing.checker.local import (
    BUDGET,
    Local,
    LocalCall,
    RuleError,
    contributions,
    faults,
    must_record,
    name_of,
    raw_operands,
    rules_of,
    wrong_rule,
)
from autograd.testing.checker.numeric import Verdict
from autograd.testing.checker.passes import identical
from autograd.testing.checker.probe import Probe
from autograd.testing.checker.replay import Escapes
from autograd.testing.checker.report import Culprit, Finding, Report

from autograd.testing.checker.subject import (  # isort: skip
    BackwardError, Number, Numbers, like, quiet,
)  # fmt: skip

PER_KIND = 50  # nodes of one primitive and shape that are examined in a large graph


def locate(subject: Graph, call: GraphCall, cotangent: Number, report: Report) -> Culprit:
    """Who is to blame for what `report` found."""
    try:
        with quiet():
            return _located(subject, call, cotangent, report)
    except RuleError as error:
        cause = error.__cause__ or error
        if any(frame.f_code is new_node.__code__ for frame, _ in walk_tb(cause.__traceback__)):
            return Culprit("engine", f"the engine: recording {error}", error.node)
        return Culprit("rule", f"the rule of {name_of(error.node)} {error}", error.node)
    except Exception as error:  # the function itself has run: this is what carries its gradient
        return Culprit("engine", f"the engine: it raises {type(error).__name__}: {error}")


def _located(subject: Graph, call: GraphCall, cotangent: Number, report: Report) -> Culprit:
    if neg(call.output).op is None:
        return Culprit("engine", "the engine: it records nothing; is no_grad() on?")
    rng = np.random.default_rng(report.seed)
    for name, leaf in call.leaves.items():
        if report.verdict is Verdict.EDGE and not np.isfinite(leaf.raw).all():
            return Culprit("edge", f"{name} itself: it is not finite everywhere", leaf)
    found: dict[str, list[Culprit]] = {"kink": [], "edge": []}
    for fault in chain(failing(subject, call, cotangent, report), local_faults(call, report, rng)):
        if fault.kind not in found:
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


def local_faults(call: GraphCall, report: Report, rng: np.random.Generator) -> Iterator[Culprit]:
    """What is remarkable about the nodes by themselves, from the leaves upwards."""
    for node in first_of_each_kind(recorded(call.output)):
        if not replays(node):
            message = f"the engine: {name_of(node)} is not recorded as it was computed"
            yield Culprit("engine", message, node)
        yield from faults(node, report.rtol, rng)
        if report.order > 1:
            must_record(node)


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


def replays(node: Node[Any]) -> bool:
    """Whether the operation, called again on its operands, gives the number of `node`."""
    assert node.op is not None
    again = node.op(*raw_operands(node), **node.params)
    return identical(again, node.raw) and node.params.keys() == node.op.params.keys()


def failing(
    subject: Graph, call: GraphCall, cotangent: Number, report: Report
) -> Iterator[Culprit]:
    """The rules that are wrong where the direction that failed arrives, with what comes from above.

    By the chain rule a derivative along a direction is wrong only where a rule is wrong for the
    direction in which its operand moves. (What is wrong with a second derivative is seldom a rule
    of its own graph: see `unrecorded_fault`.)
    """
    wrong = [f for f in report.findings if f.verdict is Verdict.WRONG and f.direction is not None]
    if not wrong or isinstance(subject, Gradient):
        return
    tangents = tangents_of(subject, call, wrong[0])
    walked = {step.node: step.gradient for step in steps(call.output, cotangent)}
    for node in first_of_each_kind([x for x in recorded(call.output) if x in walked]):
        probe = Probe(Local(node), LocalCall({}, node), walked[node], 1, report.rtol)
        for i, _ in rules_of(node):
            tangent = tangents.get(node.operands[i], np.zeros(0))
            if tangent.any() and np.isfinite(tangent).all():
                found = probe.settled(str(i), tangent)
                if found.verdict is Verdict.WRONG:
                    yield wrong_rule(node, found)


def tangents_of(subject: Graph, call: GraphCall, finding: Finding) -> dict[Node[Any], Array]:
    """How every node moves, about, along the direction of `finding`; nothing where that can't be.

    These are directions to try, no derivatives to compare with.
    """
    nodes, number = recorded(call.output), subject.numbers[finding.name]
    direction: Any = finding.direction
    moved = []
    for t in (-1e-4, 1e-4):
        numbers = {finding.name: like(number, number + t * direction)}
        with subject.at(numbers) as there:
            moved.append([(node.op, np.asarray(node.raw)) for node in recorded(there.output)])
    (ops, before), (others, after) = (zip(*nodes, strict=True) for nodes in moved)
    if not list(ops) == list(others) == [node.op for node in nodes]:
        return {}
    changes = [(y - x) / 2e-4 for x, y in zip(before, after, strict=True)]
    return dict(zip(nodes, changes, strict=True))


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


def accumulation_fault(call: GraphCall, cotangent: Number) -> Culprit | None:
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


class AccumulatedCall(GraphCall):
    """A call, with the gradients that the rules give without the engine."""

    def gradients(self, seed: Number, names: list[str] | None = None) -> Numbers:
        sums = accumulated(self.output, seed)
        return {name: sums.get(leaf, 0.0 * leaf.raw) for name, leaf in self.leaves.items()}


# --- what does not reach the graph ------------------------------------------------------------


def unrecorded_fault(subject: Graph, rtol: float, rng: np.random.Generator) -> Culprit | None:
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
        if contradicted(second, GraphCall, rtol, rng):
            right = f"the rule of {name_of(node)} can be differentiated"
            return Culprit("engine", f"the engine: {right}, but not as it is recorded", node)
    return None


def contradicted(
    subject: Graph, kind: type[GraphCall], rtol: float, rng: np.random.Generator
) -> bool:
    """Whether a numeric derivative contradicts the gradient of such a call, or that raises."""
    try:
        with subject.at({}) as call:
            cotangent = rng.normal(size=call.output.shape)
            probe = Probe(subject, kind(*call), cotangent, 1, rtol)
            found = [f for name in subject.numbers for f in probe.findings(name, BUDGET, rng)]
    except BackwardError:
        return True
    return any(finding.verdict is Verdict.WRONG for finding in found)


def escapes(subject: Graph) -> str:
    """The names of the nodes whose numbers are read while the subject runs."""
    observer = Escapes()
    with observing(observer), subject.at({}) as call:
        names = {leaf: name for name, leaf in call.leaves.items()}
        return ", ".join(dict.fromkeys(names.get(n) or name_of(n) for n in observer.nodes))
