"""The localiser: which rule, or whether the engine, made a gradient wrong.

Every node's own rules are compared with the numeric derivative of its own primitive at its recorded
operands, upwards from the leaves. Then the cotangents are accumulated a second time, from the rules
alone and with no code of the engine, and compared with what the engine's walk gave each node.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd import TABLE, Node, Observer, observing, steps
from autograd.testing.passes import TINY
from autograd.testing.probe import Probe
from autograd.testing.report import Culprit, Report
from autograd.testing.subject import Call, Function, Gradient, Subject, leaf_of
from autograd.testing.verdict import Verdict

BUDGET = 4  # directions for each operand
PER_KIND = 50  # nodes of one primitive and shape that are examined in a large graph


def locate(subject: Subject, call: Call, cotangent: Any, report: Report) -> Culprit:
    """Who is to blame for what `report` found."""
    rng = np.random.default_rng(report.seed)
    nodes = sample(recorded(call.output))
    kinks: list[Culprit] = []
    edges: list[Culprit] = []
    for node in nodes:
        for fault in faults(node, report.rtol, rng):
            if fault.kind == "rule":
                return fault
            (kinks if fault.kind == "kink" else edges).append(fault)
    if edges and report.verdict is Verdict.EDGE:
        return edges[0]
    engine = accumulation_fault(call, cotangent)
    if engine is not None:
        return engine
    unrecorded = unrecorded_rule(subject, report, rng)
    if unrecorded is not None:
        return unrecorded
    if report.problems:
        return Culprit("engine", "the engine: every rule by itself is right")
    escaped = escapes(subject)
    if escaped:
        return Culprit(
            "escape",
            f"{subject.name} itself: it reads the number of {escaped}, where no gradient follows",
        )
    if kinks:
        names = ", ".join(dict.fromkeys(name_of(fault.node) for fault in kinks))
        return Culprit("kink", f"the chain rule does not hold at this kink: {names}", kinks[0].node)
    return Culprit("unknown", "unknown: every rule by itself and their accumulation are right")


def recorded(output: Node) -> list[Node]:
    """The graph in recorded order, found without the engine, which may be the one to blame."""
    found, stack = {output}, [output]
    while stack:
        operands = {x for x in stack.pop().operands if isinstance(x, Node)} - found
        found |= operands
        stack += operands
    return sorted(found, key=lambda node: node.index)


def sample(nodes: list[Node]) -> list[Node]:
    """The nodes that have rules to examine: of each kind all, or the first few."""
    seen: dict[Any, int] = {}
    chosen = []
    for node in nodes:
        if node.op in (None, TABLE["stop_gradient"]):  # which means to have no derivative
            continue
        shapes = tuple(np.shape(getattr(x, "_data", x)) for x in node.operands)
        key = node.op, shapes, str(node.params)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= PER_KIND:
            chosen.append(node)
    return chosen


# --- one rule by itself -----------------------------------------------------------------------


class Local:
    """A node's primitive as a function of its operands: the `Subject` of its rules."""

    def __init__(self, node: Node) -> None:
        assert node.op is not None
        self.node, self.op, self.name = node, node.op, node.op.name
        self.numbers = {str(i): x._data for i, x in enumerate(node.operands) if isinstance(x, Node)}

    @contextmanager
    def at(self, moved: dict[str, Any]) -> Iterator[Call]:
        numbers = {**self.numbers, **moved}
        leaves = {name: leaf_of(number, None) for name, number in numbers.items()}
        operands = [leaves.get(str(i), x) for i, x in enumerate(self.node.operands)]
        yield LocalCall(leaves, self.op(*operands, **self.node.params))


class LocalCall(Call):
    """One primitive's call, with the gradients that its rules give without the engine."""

    def gradients(self, seed: Any, names: list[str] | None = None) -> dict[str, Any]:
        sent = contributions(self.output, seed)
        return {str(i): g for i, g in enumerate(sent) if g is not None}


def faults(node: Node, rtol: float, rng: np.random.Generator) -> Iterator[Culprit]:
    """What is remarkable about the rules of `node`: wrong, at a kink, at the edge."""
    local, cotangent = Local(node), rng.normal(size=node.shape)
    try:
        probe = Probe(local, LocalCall({}, node), cotangent, 1, rtol)
        for name in local.numbers:
            for finding in probe.findings(name, BUDGET, rng):
                operand = int(name)
                if finding.verdict is Verdict.WRONG:
                    yield Culprit(
                        "rule",
                        f"the rule of {name_of(node)} for its operand {operand}: analytic "
                        f"{finding.analytic:.8g}, numeric {finding.numeric:.8g} "
                        f"± {finding.error:.1g}",
                        node,
                        operand,
                    )
                elif finding.verdict is not Verdict.OK:
                    kind = "kink" if finding.verdict is Verdict.KINK else "edge"
                    yield Culprit(
                        kind, f"{name_of(node)} is at the edge of its domain", node, operand
                    )
        once, twice = (contributions(node, factor * cotangent) for factor in (1.0, -2.0))
        for g, scaled in zip(once, twice, strict=True):
            if (
                g is not None
                and np.isfinite(g).all()
                and not np.allclose(-2.0 * g, scaled, rtol=0, atol=TINY)
            ):
                message = f"the rule of {name_of(node)} is not linear in the upstream gradient"
                yield Culprit("rule", message, node)
    except RuleError as error:
        yield Culprit("rule", f"the rule of {name_of(node)} {error}", node)


class RuleError(Exception):
    """A rule raised, returned what is no gradient, or changed what it was given."""


def contributions(node: Node, gradient: Any) -> list[Any]:
    """What the rules of `node` send on, broadcasting undone, with nothing of the engine's walk."""
    assert node.op is not None
    values = [
        np.array(x, float) if np.ndim(x) else np.float64(x)
        for x in (gradient, node._data, *(getattr(x, "_data", x) for x in node.operands))
    ]
    before = [np.array(x) for x in values]
    sent: list[Any] = []
    for operand, rule in zip(node.operands, node.op.rules(node.operands), strict=True):
        if not isinstance(operand, Node):
            sent.append(None)
        elif rule is None:
            sent.append(np.zeros(operand.shape))
        else:
            with np.errstate(all="ignore"):
                try:
                    sent.append(undone(np.asarray(rule(*values, **node.params)), operand.shape))
                    rule(leaf_of(gradient, None), node, *node.operands, **node.params)
                except Exception as error:
                    raise RuleError(f"raises {type(error).__name__}: {error}") from error
    if not all(np.array_equal(x, y, equal_nan=True) for x, y in zip(before, values, strict=True)):
        raise RuleError("changes a number that it was given")
    return sent


def undone(contribution: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`contribution` summed over the axes along which `shape` was broadcast."""
    lead = contribution.ndim - len(shape)
    if lead < 0 or np.broadcast_shapes(contribution.shape, shape) != contribution.shape:
        raise ValueError(
            f"a gradient of shape {contribution.shape} for an operand of shape {shape}"
        )
    contribution = contribution.sum(axis=tuple(range(lead)))
    stretched = [i for i, n in enumerate(shape) if contribution.shape[i] != n]
    return contribution.sum(axis=tuple(stretched), keepdims=True)


# --- the engine -------------------------------------------------------------------------------


def accumulation_fault(call: Call, cotangent: Any) -> Culprit | None:
    """The first node, in backprop's order, whose gradient is not the sum of what it was sent."""
    walked = {step.node: step.gradient for step in steps(call.output, cotangent)}
    sums: dict[Node, Any] = {call.output: np.asarray(cotangent, float)}
    for node in reversed(recorded(call.output)):
        if node not in sums:
            continue
        small = 1e-12 * np.abs(sums[node]).max(initial=0.0)
        if not np.allclose(
            walked.get(node, 0.0), sums[node], rtol=1e-9, atol=small, equal_nan=True
        ):
            return Culprit(
                "engine", f"the engine: what reaches {name_of(node)} is added up wrongly", node
            )
        if node.op is not None:
            for operand, sent in zip(node.operands, contributions(node, sums[node]), strict=True):
                if sent is not None:
                    sums[operand] = sums.get(operand, 0.0) + sent
    return None


# --- what does not reach the graph ------------------------------------------------------------


def unrecorded_rule(subject: Subject, report: Report, rng: np.random.Generator) -> Culprit | None:
    """In second order: the first node whose rule is right but can't be differentiated itself."""
    if not isinstance(subject, Gradient):
        return None
    with subject.subject.at({}) as call:
        for node in sample(recorded(call.output)):
            operands = [leaf_of(x._data, None) if isinstance(x, Node) else x for x in node.operands]
            alone = Function(lambda *xs, node=node: node.op(*xs, **node.params), tuple(operands))
            second = Gradient(alone, leaf_of(rng.normal(size=node.shape), None)._data)
            with second.at({}) as again:
                probe = Probe(second, again, rng.normal(size=again.output.shape), 2, report.rtol)
                for name in second.numbers:
                    if any(f.verdict is Verdict.WRONG for f in probe.findings(name, BUDGET, rng)):
                        return unrecorded(node, operands, report, rng)
    return None


def unrecorded(
    node: Node, operands: list[Any], report: Report, rng: np.random.Generator
) -> Culprit:
    """Whether a rule of `node` is wrong when differentiated, or what the engine gives it."""
    assert node.op is not None
    gradient = leaf_of(rng.normal(size=node.shape), None)
    for rule in node.op.rules(node.operands):
        if rule is None:
            continue

        def direct(g: Any, *xs: Any, rule: Any = rule) -> Any:
            return rule(g, node.op(*xs, **node.params), *xs, **node.params)  # type: ignore[misc]

        function = Function(direct, (gradient, *operands))
        with function.at({}) as call:
            probe = Probe(function, call, rng.normal(size=call.output.shape), 1, report.rtol)
            for name in function.numbers:
                if any(f.verdict is Verdict.WRONG for f in probe.findings(name, BUDGET, rng)):
                    return Culprit(
                        "rule",
                        f"the rule of {name_of(node)} is right, but its own derivative is not: "
                        f"does it use raw numbers where it should use nodes?",
                        node,
                    )
    return Culprit(
        "engine",
        f"the engine: the rule of {name_of(node)} can be differentiated, but not as it is recorded",
        node,
    )


class Escapes(Observer):
    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def escaped(self, node: Node, how: str, result: object, *args: object) -> None:
        self.nodes.append(node)


def escapes(subject: Subject) -> str:
    """The names of the nodes whose numbers are read while the subject runs."""
    observer = Escapes()
    with observing(observer), subject.at({}) as call:
        names = {leaf: name for name, leaf in call.leaves.items()}
        return ", ".join(dict.fromkeys(names.get(n) or name_of(n) for n in observer.nodes))


def name_of(node: Node | None) -> str:
    if node is None or node.op is None:
        return "an input" if node is None or not node.label else node.label
    shapes = ", ".join(str(np.shape(getattr(x, "_data", x))) for x in node.operands)
    label = f" {node.label!r}" if node.label else ""
    return f"{node.op.name}({shapes}){label}"
