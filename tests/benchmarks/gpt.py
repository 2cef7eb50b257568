"""A GPT in single numbers: one layer of attention over letters, each parameter a number of its own.

After A. Karpathy's microgpt (2026), which learns names letter by letter. The model is written once,
for any class of scalars that has `exp`, `log` and `relu`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

WIDTH, HEADS, BLOCK, LETTERS = 16, 4, 16, 27
NAME = [26, 4, 12, 8, 11, 24, 13, 26]  # a start, some letters, and an end: seven predictions
Matrix = list[list[Any]]
Softmax = Callable[[list[Any]], list[Any]]

SHAPES = {
    "tokens": (LETTERS, WIDTH),
    "places": (BLOCK, WIDTH),
    "query": (WIDTH, WIDTH),
    "key": (WIDTH, WIDTH),
    "value": (WIDTH, WIDTH),
    "out": (WIDTH, WIDTH),
    "wide": (4 * WIDTH, WIDTH),
    "narrow": (WIDTH, 4 * WIDTH),
    "head": (LETTERS, WIDTH),
}


def weights(scalar: Callable[[float], Any]) -> dict[str, Matrix]:
    draw = random.Random(42).gauss
    return {
        name: [[scalar(draw(0, 0.08)) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


def linear(x: list[Any], w: Matrix) -> list[Any]:
    return [sum(wi * xi for wi, xi in zip(row, x, strict=True)) for row in w]


def softmax(logits: list[Any]) -> list[Any]:
    top = max(x.data for x in logits)
    exps = [(x - top).exp() for x in logits]
    total = sum(exps)
    return [e / total for e in exps]


def rms_norm(x: list[Any]) -> list[Any]:
    scale = (sum(xi * xi for xi in x) / len(x) + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def attention(q: list[Any], keys: Matrix, values: Matrix, softmax: Softmax) -> list[Any]:
    size, out = WIDTH // HEADS, []
    for h in range(0, WIDTH, size):
        part = slice(h, h + size)
        scores = [
            sum(a * b for a, b in zip(q[part], k[part], strict=True)) / math.sqrt(size)
            for k in keys
        ]
        shares = softmax(scores)
        out += [
            sum(share * v[j] for share, v in zip(shares, values, strict=True))
            for j in range(h, h + size)
        ]
    return out


def losses(w: dict[str, Matrix], embedded: Matrix, softmax: Softmax = softmax) -> Matrix:
    """The probabilities of the letter after each of the `embedded` ones."""
    keys: Matrix = []
    values: Matrix = []
    found = []
    for x, place in zip(embedded, w["places"], strict=False):
        x = rms_norm([a + b for a, b in zip(x, place, strict=True)])
        before, x = x, rms_norm(x)
        keys.append(linear(x, w["key"]))
        values.append(linear(x, w["value"]))
        x = linear(attention(linear(x, w["query"]), keys, values, softmax), w["out"])
        x = [a + b for a, b in zip(x, before, strict=True)]
        before, x = x, rms_norm(x)
        x = linear([xi.relu() for xi in linear(x, w["wide"])], w["narrow"])
        x = [a + b for a, b in zip(x, before, strict=True)]
        found.append(softmax(linear(x, w["head"])))
    return found


def loss(w: dict[str, Matrix], name: list[int]) -> Any:
    probabilities = losses(w, [w["tokens"][letter] for letter in name[:-1]])
    picked = [p[letter] for p, letter in zip(probabilities, name[1:], strict=True)]
    return sum(-p.log() for p in picked) / len(picked)


class Adam:
    """Written out in Python, as the program does it."""

    def __init__(self, parameters: list[Any]) -> None:
        self.parameters, self.steps = parameters, 0
        self.mean, self.square = [0.0] * len(parameters), [0.0] * len(parameters)
        for p in parameters:
            p.grad = 0.0

    def step(self) -> None:
        self.steps += 1
        for i, p in enumerate(self.parameters):
            self.mean[i] = 0.85 * self.mean[i] + 0.15 * p.grad
            self.square[i] = 0.99 * self.square[i] + 0.01 * p.grad**2
            mean = self.mean[i] / (1 - 0.85**self.steps)
            square = self.square[i] / (1 - 0.99**self.steps)
            p.data -= 0.01 * mean / (square**0.5 + 1e-8)
            p.grad = 0.0


def training(scalar: Callable[[float], Any]) -> Any:
    """Steps of training: the losses of the same model on the same name, in any scalars."""
    w = weights(scalar)
    parameters = [p for matrix in w.values() for row in matrix for p in row]
    adam = Adam(parameters)

    def step() -> Any:
        found = loss(w, NAME)
        found.backward()
        adam.step()
        return found.data, (p.data for p in parameters)

    return step


class Smallest:
    """The smallest engine that trains it: operands and local derivatives, and a recursive walk."""

    __slots__ = ("data", "grad", "locals", "operands")

    def __init__(self, data: float, operands: tuple = (), local: tuple = ()) -> None:
        self.data, self.grad, self.operands, self.locals = data, 0.0, operands, local

    def __add__(self, other: Any) -> Smallest:
        other = other if isinstance(other, Smallest) else Smallest(other)
        return Smallest(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other: Any) -> Smallest:
        other = other if isinstance(other, Smallest) else Smallest(other)
        return Smallest(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, power: float) -> Smallest:
        return Smallest(self.data**power, (self,), (power * self.data ** (power - 1),))

    def log(self) -> Smallest:
        return Smallest(math.log(self.data), (self,), (1 / self.data,))

    def exp(self) -> Smallest:
        out = math.exp(self.data)
        return Smallest(out, (self,), (out,))

    def relu(self) -> Smallest:
        return Smallest(max(0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self) -> Smallest:
        return self * -1

    def __radd__(self, other: Any) -> Smallest:
        return self + other

    def __sub__(self, other: Any) -> Smallest:
        return self + (-other)

    def __rsub__(self, other: Any) -> Smallest:
        return other + (-self)

    def __rmul__(self, other: Any) -> Smallest:
        return self * other

    def __truediv__(self, other: Any) -> Smallest:
        return self * other**-1

    def __rtruediv__(self, other: Any) -> Smallest:
        return other * self**-1

    def backward(self) -> None:
        order, seen = [], set()

        def visit(node: Smallest) -> None:
            if node not in seen:
                seen.add(node)
                for operand in node.operands:
                    visit(operand)
                order.append(node)

        visit(self)
        self.grad = 1
        for node in reversed(order):
            for operand, local in zip(node.operands, node.locals, strict=True):
                operand.grad += local * node.grad


def gradwalk() -> Any:
    from autograd import Value

    return training(Value)


def replayed() -> Any:
    """Compiled: the letters are arguments, the gradients one array, and `nets.Adam` moves all."""
    import nets
    from autograd import Value, maximum, stop_gradient
    from autograd.tape import compile, lookup

    w = weights(Value)
    parameters = np.array([p for matrix in w.values() for row in matrix for p in row])
    adam = nets.Adam(parameters, lr=0.01, betas=(0.85, 0.99))

    def softmax(logits: list[Any]) -> list[Any]:
        top = stop_gradient(maximum(*logits))
        exps = [(x - top).exp() for x in logits]
        total = sum(exps)
        return [e / total for e in exps]

    def letters(name: list[Any]) -> Any:
        embedded = [lookup(w["tokens"], letter) for letter in name[:-1]]
        found = losses(w, embedded, softmax)
        picked = [lookup(p, letter) for p, letter in zip(found, name[1:], strict=True)]
        return sum(-p.log() for p in picked) / len(picked)

    both = compile(letters, wrt=parameters)
    name = [float(letter) for letter in NAME]

    def step() -> Any:
        found, gradients = both(name)
        adam.step(gradients)
        return found, (p.data for p in parameters)

    return step


def smallest() -> Any:
    return training(Smallest)


def micrograd() -> Any:
    """It has neither exp nor log, and is lent them."""
    from micrograd.engine import Value

    def lent(function: Callable[[float], float], slope: Callable[[float, float], float]) -> Any:
        def method(x: Any) -> Any:
            out = Value(function(x.data), (x,), function.__name__)

            def back() -> None:
                x.grad += slope(x.data, out.data) * out.grad

            out._backward = back
            return out

        return method

    Value.exp = lent(math.exp, lambda x, out: out)
    Value.log = lent(math.log, lambda x, out: 1 / x)
    return training(Value)


GPT = {
    "gradwalk replayed": replayed,
    "gradwalk eager": gradwalk,
    "the smallest engine": smallest,
    "micrograd": micrograd,
}
