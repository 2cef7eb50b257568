"""Whole networks for the data sets that `nets.data` ships."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

import autograd
from autograd import Tensor
from nets.layers.activations import ReLU
from nets.layers.attention import TransformerBlock
from nets.layers.carriers import Numbers, numbers
from nets.layers.convolution import Conv2d
from nets.layers.embedding import Embedding
from nets.layers.linear import Linear, Sequential
from nets.layers.module import Module
from nets.layers.normalisation import LayerNorm
from nets.layers.pooling import Flatten
from nets.layers.residual import Residual


class DigitsNetwork(Module, steady=True):
    """A convolutional residual network with layer norm: (n, 8, 8) images to (n, 10) logits.

    A convolution, two residual blocks (the second halves the image and doubles the channels), and
    a linear layer. A block is norm, ReLU, convolution, twice over: pre-activation.

    Source: K. He et al., "Identity mappings in deep residual networks", ECCV 2016.

    >>> model = DigitsNetwork(channels=4, rng=np.random.default_rng(0))
    >>> model(np.zeros((5, 8, 8))).shape
    (5, 10)
    """

    def __init__(self, channels: int = 12, *, rng: np.random.Generator) -> None:
        wide = 2 * channels
        self.stem = Conv2d(1, channels, 3, padding=1, rng=rng)
        self.blocks = Sequential(
            Residual(_convolutions(channels, channels, 1, rng)),
            Residual(
                _convolutions(channels, wide, 2, rng),
                projection=Conv2d(channels, wide, 1, stride=2, rng=rng),
            ),
        )
        self.head = Sequential(
            LayerNorm((wide, 4, 4)), ReLU(), Flatten(), Linear(wide * 16, 10, rng=rng)
        )

    def forward(self, images: Numbers) -> Tensor:
        n, *size = np.shape(images)
        return self.head(self.blocks(self.stem(autograd.reshape(images, shape=(n, 1, *size)))))


def _convolutions(before: int, after: int, stride: int, rng: np.random.Generator) -> Sequential:
    size = 8 // stride
    return Sequential(
        LayerNorm((before, 8, 8)),
        ReLU(),
        Conv2d(before, after, 3, stride, padding=1, rng=rng),
        LayerNorm((after, size, size)),
        ReLU(),
        Conv2d(after, after, 3, padding=1, rng=rng),
    )


class CharacterTransformer(Module, steady=True):
    """A decoder-only transformer: (n, length) integers to (n, length, vocabulary) logits.

    At each position it predicts the next character from itself and those before it, at most
    `context` of them: embeddings of the character and of its position, causal blocks with the norm
    first, a last norm and a linear layer.

    >>> model = CharacterTransformer(65, context=8, width=16, rng=np.random.default_rng(0))
    >>> model(np.zeros((5, 8), int)).shape
    (5, 8, 65)
    """

    def __init__(
        self,
        vocabulary: int,
        context: int = 32,
        width: int = 64,
        heads: int = 4,
        depth: int = 2,
        *,
        rng: np.random.Generator,
    ) -> None:
        self.context = context
        self.characters = Embedding(vocabulary, width, rng=rng)
        self.positions = Embedding(context, width, rng=rng)
        blocks = (
            TransformerBlock(width, heads, activation=autograd.relu, rng=rng) for _ in range(depth)
        )
        self.blocks = Sequential(*blocks)
        self.norm = LayerNorm(width)
        self.head = Linear(width, vocabulary, rng=rng)

    def forward(self, characters: Numbers) -> Tensor:
        length = np.shape(characters)[-1]
        if length > self.context:
            raise ValueError(
                f"CharacterTransformer: at most {self.context} characters fit, got {length}; "
                f"pass the last ones, or build it with a longer context"
            )
        z = autograd.add(self.characters(characters), self.positions(np.arange(length)))
        return self.head(self.norm(self.blocks(z)))

    def generate(
        self, prompt: Iterable[int], count: int, *, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """`prompt`, integers of shape (length ≥ 1,), and `count` more, each drawn as predicted."""
        found = list(prompt)
        with autograd.no_grad():
            for _ in range(count):
                logits = numbers(self(np.array(found[-self.context :])))[-1]
                # The largest of logits + Gumbel noise is a draw from their softmax.
                found.append(int(np.argmax(logits + rng.gumbel(size=logits.shape))))
        return np.array(found)
