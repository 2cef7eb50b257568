"""The classic mistakes of a hand-derived gradient, each computed from the graph itself."""

import math
from collections import deque
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import TABLE, Node, Primitive, Step, recompute, steps, toposort, vjp
from autograd.core.gradients import zeros_like
from autograd.core.node import raw
from autograd.viz.lines import names, number_symbol
from autograd.viz.tell.derivation import Derivation
from autograd.viz.text import Number

Rules = tuple[Callable[..., Any], ...]
Made = Iterator[tuple[str, Number]]  # mistakes of one kind: the remark, and the gradient

# Larger graphs are judged by the mistakes alone that need few passes over them.
MOST_NODES = 400


class Mistake(NamedTuple):
    """What was done wrong (`kind`), where (`remark`), and the `gradient` that comes of it."""

    kind: str
    remark: str
    gradient: Number


class Mistakes:
    """The mistakes that can be made on the way from `root` to `node`, the simplest first.

    Iterating computes them one after the other: the gradient again, with the mistake in it.
    """

    def __init__(self, node: Node, root: Node, rate: float | None = None) -> None:
        self.node, self.root, self.rate = node, root, rate
        self.nodes = toposort(root)
        self.named = names(toposort(root, node))
        self.walk = list(steps(root, inputs=[node]))
        self.gradient = gradient_of(root, node)

    def __iter__(self) -> Iterator[Mistake]:
        if self.walk[-1].node is not self.node:  # the root does not depend on it
            return
        small = len(self.nodes) <= MOST_NODES
        for kind, made, possible in (
            ("wrong sign", self.sign, True),
            ("off by the batch mean", self.batch_mean, True),
            ("transposed", self.transposed, True),
            ("sum over consumers forgotten", self.one_consumer, small),
            ("upstream forgotten", self.upstream_forgotten, True),
            ("already-updated weight used", self.updated_weight, small and self.rate is not None),
            ("missing factor of the chain", self.missing_factor, small),
            ("wrong local derivative", self.wrong_function, small),
            ("wrong sign", self.one_sign, small),
        ):
            for remark, gradient in made() if possible else ():
                yield Mistake(kind, remark, gradient)

    def edges(self) -> Iterator[tuple[Step, int, Node, Number]]:
        """Every contribution on the way: the step, which operand, that operand, what it is sent."""
        for step in self.walk:
            for i, sent in enumerate(step.sent):
                if sent is not None:
                    yield step, i, step.node.operands[i], sent

    def shifted(self, operand: Node, change: Number) -> Number:
        """The gradient if `change` more were sent to `operand`: the rest of the chain is linear."""
        return self.gradient + gradient_of(operand, self.node, change)

    # --- one kind of mistake each -------------------------------------------------------------

    def sign(self) -> Made:
        yield "the sign is the other one", -self.gradient

    def one_sign(self) -> Made:
        for step, _, operand, sent in self.edges():
            way = f"from {self.named[step.node]} to {self.named[operand]}"
            yield f"the sign {way} is the other one", self.shifted(operand, -2 * sent)

    def batch_mean(self) -> Made:
        averaged = set()
        for step, i, operand, sent in self.edges():
            scale = _scale(step.node, i)
            if scale and math.isclose(scale * (count := _summands(operand)), 1.0) and count > 1:
                averaged.add(operand)
                mean = f"{self.named[step.node]} is a mean of {count}"
                change = sent * (count - 1.0)
                yield f"{mean}, and the division is missing", self.shifted(operand, change)
        for step in self.walk:
            total = step.node
            if total in averaged or not (total is self.root or total.op is autograd.sum):
                continue
            if (count := _summands(total)) > 1:
                remark = f"{self.named[total]} is a sum of {count}, and no mean"
                yield remark, self.shifted(total, step.gradient * (1.0 / count - 1.0))

    def transposed(self) -> Made:
        if self.node.ndim == 2:
            yield "rows and columns are exchanged", np.transpose(self.gradient)
        for step, i, operand, sent in self.edges():
            other = step.node.operands[1 - i] if step.node.op is autograd.matmul else None
            turned = np.transpose(raw(other)) if other is not None else np.zeros(())
            if turned.ndim != 2 or turned.shape != turned.T.shape:
                continue  # the shapes give it away
            product = autograd.matmul(*((operand, turned) if i == 0 else (turned, operand)))
            gradient = self.shifted(operand, vjp(product, step.gradient)[i] - sent)
            called = self.named[other] if isinstance(other, Node) else "the constant"
            there = f"{called} stands in {self.named[step.node]}'s rule"
            yield f"{there} without its transpose", gradient
        for step in steps(self.root) if self.node.op is None else ():
            other = step.node
            if other.op is None and other is not self.node and other.shape == self.node.shape:
                yield f"this is the gradient for {self.named[other]}", step.gradient

    def one_consumer(self) -> Made:
        """Of several consumers one alone is counted, or one is left out."""
        sent_to: dict[Node, list[tuple[Node, Number]]] = {}
        for step, _, operand, sent in self.edges():
            sent_to.setdefault(operand, []).append((step.node, sent))
        totals = {step.node: step.gradient for step in self.walk}
        for operand, contributions in sent_to.items():
            if len(contributions) < 2:
                continue
            used = f"{self.named[operand]} is used {len(contributions)} times, and"
            for consumer, sent in contributions:
                use = f"its use in {self.named[consumer]} is"
                yield f"{used} only {use} counted", self.shifted(operand, sent - totals[operand])
                if len(contributions) > 2:
                    yield f"{used} {use} left out", self.shifted(operand, -sent)

    def upstream_forgotten(self) -> Made:
        consumers = [
            s.node for s in self.walk if s.node is not self.node and s.node is not self.root
        ]
        if len(self.nodes) > MOST_NODES:
            consumers = [c for c in consumers if any(x is self.node for x in c.operands)]
        for consumer in reversed(consumers):
            top = self.named[consumer]
            remark = f"the chain ends at {top}: ∂{self.named[self.root]}/∂{top} is left out"
            yield remark, gradient_of(consumer, self.node, zeros_like(consumer) + 1.0)
        local: Number = 0.0
        for consumer in consumers:
            sent = vjp(consumer, zeros_like(consumer) + 1.0)
            for operand, contribution in zip(consumer.operands, sent, strict=True):
                if operand is self.node and contribution is not None:
                    local = local + contribution
        yield "only the local derivatives are there", local

    def updated_weight(self) -> Made:
        """The backward pass multiplies by weights that had already been updated."""
        assert self.rate is not None
        gradients = {step.node: step.gradient for step in steps(self.root)}
        old = {node: node.raw for node in self.nodes}
        new = {
            node: node.raw - self.rate * gradients[node]
            for node in self.nodes
            if node.op is None and node is not self.node and node in gradients
        }
        inputs = {  # what the node itself is multiplied with
            x for step, _, operand, _ in self.edges() if operand is self.node
            for x in step.node.operands if isinstance(x, Node)
        }  # fmt: skip
        others = [node for node in new if node not in inputs]
        for group in [*([node] for node in new), others, list(new)]:
            shown = ", ".join(f"{self.named[x]} = {number_symbol(new[x]).text}" for x in group[:4])
            gradient = recompute(self.derivation.recorded, {**old, **{x: new[x] for x in group}})
            yield f"with the new {shown}", gradient

    def missing_factor(self) -> Made:
        derivation = self.derivation
        forward = {node: node.raw for node in self.nodes}
        for product in toposort(derivation.recorded):
            if product in forward or product.op not in (autograd.mul, autograd.div):
                continue
            left, right = product.operands
            pairs = [(left, right), (right, left)][: 1 if product.op is autograd.div else 2]
            for kept, dropped in pairs:
                if np.shape(raw(kept)) != product.shape:
                    continue
                gradient = recompute(derivation.recorded, {**forward, product: raw(kept)})
                known = isinstance(dropped, Node)
                factor = (derivation.symbols[dropped] if known else number_symbol(dropped)).text
                what = "division by" if product.op is autograd.div else "factor"
                yield f"the {what} {factor} is not there", gradient
        for step, _, operand, sent in self.edges():
            assert step.node.op is not None
            if step.node.op.scalar and operand.shape == step.node.shape:
                local = f"the local derivative of {self.named[step.node]}"
                yield f"{local} is not there", self.shifted(operand, step.gradient - sent)

    def wrong_function(self) -> Made:
        on_the_way = [step.node for step in self.walk if step.node is not self.node]
        for op in dict.fromkeys(node.op for node in on_the_way):
            if op is None or op.scalar is None:
                continue
            places = [node for node in on_the_way if node.op is op]
            groups = [places] + ([[node] for node in places] if len(places) > 1 else [])
            for remark, rules in _wrong_rules(op):
                for group in groups:
                    where = ", ".join(self.named[node] for node in group[:4])
                    yield f"at {where} {remark}", self.with_rules(group, rules)

    def with_rules(self, places: list[Node], rules: Rules) -> Number:
        """The gradient of the same graph, in which the operation of `places` has other rules."""
        op = places[0].op
        assert op is not None
        wrong = Primitive(op.name, op.symbol, op.scalar, op.array, rules, op.__doc__ or "")
        values: dict[Node, Node] = {self.node: self.node.detach()}
        for place in sorted(places, key=lambda node: node.index):
            for operand in place.operands:
                if isinstance(operand, Node):
                    recompute(operand, values)
            operands = [values[x] if isinstance(x, Node) else x for x in place.operands]
            values[place] = wrong(*operands)
        return gradient_of(recompute(self.root, values), values[self.node])

    @cached_property
    def derivation(self) -> Derivation:
        return Derivation(self.node, self.root)


def gradient_of(root: Node, node: Node, seed: Number | None = None) -> Number:
    """The gradient of `root` for `node`, raw."""
    with np.errstate(all="ignore"):
        last = deque(steps(root, seed, inputs=[node]), maxlen=1)[0]
    return last.gradient if last.node is node else zeros_like(node)


def _scale(node: Node, i: int) -> float | None:
    """The constant number that `node` multiplies its operand `i` with."""
    other = node.operands[1 - i] if node.op in (autograd.mul, autograd.div) else None
    if other is None or isinstance(other, Node) or np.size(other) != 1 or not np.all(other):
        return None
    number = float(np.asarray(other).item())
    if node.op is autograd.div:
        return 1 / number if i == 0 else None
    return number


def _summands(node: Node) -> int:
    """How many numbers were added up: by `sum`, or by one addition after the other."""
    if node.op is autograd.sum:
        return int(node.operands[0].size // node.size)
    counts: dict[Node, int] = {}
    for x in toposort(node):
        added = x.operands if x.op is autograd.add else ()
        counts[x] = sum(counts[operand] for operand in added if isinstance(operand, Node)) or 1
    return counts[node]


def _wrong_rules(op: Primitive) -> Iterator[tuple[str, Rules]]:
    """Rules that people mistake for those of `op`, from the table's other rows."""
    if op is autograd.mul:
        remark = "each factor got itself as its derivative, not the other factor"
        yield remark, (lambda g, out, x, y: g * x, lambda g, out, x, y: g * y)
    rule = op.vjps[0]
    if len(op.vjps) != 1 or op.params or op.variadic or rule is None:
        return
    taken = f"{op.name}′ was taken at the"
    yield f"{taken} operand, not at the result", (lambda g, out, x: rule(g, x, x),)
    yield f"{taken} result, not at the operand", (lambda g, out, x: rule(g, out, out),)
    for other in TABLE.values():
        if other is op or other.scalar is None or len(other.vjps) != 1 or other.params:
            continue
        wrong = other.vjps[0]
        if wrong is not None and not other.variadic:
            remark = f"the derivative of {other.name} was taken, not that of {op.name}"
            yield remark, (lambda g, out, x, wrong=wrong: wrong(g, out, x),)
            yield remark, (lambda g, out, x, wrong=wrong, other=other: wrong(g, other(x), x),)
