"""A user's program about networks, as type checkers see it."""

from collections.abc import Iterator
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import autograd
import nets
from autograd import Tensor, Value

rng = np.random.default_rng(0)
X, y = nets.data.moons(200, noise=0.1, rng=rng)
assert_type(X, NDArray[np.float64])
assert_type(y, NDArray[np.int64])

layer = nets.Linear(2, 3, rng=rng)
model = nets.MLP(2, 8, 2, activation=np.tanh, rng=rng)
image = np.zeros((1, 1, 8, 8))
assert_type(layer(Tensor([1.0, 2.0])), Tensor)
assert_type(layer.weight, Tensor)
assert_type(layer.bias, Tensor | None)
assert_type(model(X), Tensor)
assert_type(nets.Sequential(nets.Flatten(), layer, autograd.relu)(X), Tensor)
assert_type(nets.Conv2d(1, 2, 3, padding=1, rng=rng)(image), Tensor)
assert_type(nets.ReLU()(layer(X)), Tensor)
assert_type(nets.Tanh()(Value(1.0)), Value)
assert_type(nets.Dropout(0.5, rng=rng)(layer(X)), Tensor)
assert_type(nets.MaxPool2d(2)(Tensor(image)), Tensor)
assert_type(nets.Embedding(10, 3, rng=rng)([1, 2]), Tensor)
assert_type(nets.MultiHeadAttention(8, 2, rng=rng)(np.zeros((3, 8)), causal=True), Tensor)
assert_type(nets.Residual(layer, layer)(X), Tensor)
assert_type(nets.CharacterTransformer(65, rng=rng)(np.zeros((2, 8), int)), Tensor)
assert_type(model.parameters(), list[Tensor])
assert_type(model.named_parameters(), Iterator[tuple[str, Tensor]])
assert_type(model.state_dict(), dict[str, NDArray[Any]])
assert_type(model.eval(), nets.MLP)
assert_type(model.astype(np.float32), nets.MLP)

assert_type(nets.cross_entropy(model(X), y), Tensor)
assert_type(nets.mean_squared_error(model(X), np.zeros((200, 2))), Tensor)
assert_type(nets.zero_one(model(X), y), int)
assert_type(nets.accuracy(model(X).data, y), float)
assert_type(nets.functional.gelu(layer(X), approximate="tanh"), Tensor)
assert_type(nets.functional.gelu(Value(1.0)), Value)
assert_type(nets.functional.linear(x=X, weight=layer.weight, bias=layer.bias), Tensor)
assert_type(nets.functional.conv2d(image, weight=Tensor(image)), Tensor)
assert_type(nets.functional.layer_norm(layer(X), 3), Tensor)

optimiser = nets.Adam(model.parameters(), lr=nets.schedules.cosine(0.1, 100))
history = nets.fit(
    model,
    (X, y),
    loss=nets.cross_entropy,
    optimiser=optimiser,
    epochs=2,
    rng=rng,
    validation=(X, y),
    metrics={"accuracy": nets.accuracy, "wrong": nets.zero_one},
)
assert_type(history, nets.History)
assert_type(history["loss"], list[float])
assert_type(history.best("loss"), int)
assert_type(nets.evaluate(model, (X, y), loss=nets.cross_entropy), dict[str, float])
assert_type(optimiser.lr, float)
assert_type(nets.clip_grad_norm(model.parameters(), 1.0), float)
optimiser.step()


class Own(nets.Module):
    steady = True

    def __init__(self) -> None:
        self.scale = Tensor([2.0])

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


def my_loss(outputs: Tensor, targets: NDArray[Any]) -> Tensor:
    return ((outputs - targets) ** 2).mean()


assert_type(Own()(X), Tensor)
nets.fit(Own(), (X, X), loss=my_loss, optimiser=nets.SGD(Own().parameters()), epochs=1, rng=rng)
for parameter in model.parameters():
    if parameter.grad is not None:
        parameter.data -= 0.1 * parameter.grad
scalars = model.scalarize()
(value,) = scalars([1.0, 2.0])
with nets.trace_modules() as made_by:
    assert_type(made_by[model(X)].kind, type[nets.Module])
