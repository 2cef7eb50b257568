"""What `python -m nets` trains: each data set by name, with the models that learn it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import autograd
from nets import data
from nets.data.augmentation import distort
from nets.layers.linear import MLP, Sequential
from nets.layers.losses import cross_entropy, log_loss
from nets.layers.module import Module
from nets.layers.pooling import Flatten
from nets.models import CharacterTransformer, DigitsNetwork
from nets.train.evaluation import Data, Measure
from nets.train.training import Augment

_clouds = data.circle, data.gaussians, data.moons, data.spiral, data.xor
CLOUDS = {cloud.__name__: cloud for cloud in _clouds}

# The models of each data set, the default one first.
MODELS = {
    "digits": ("cnn", "mlp", "linear"),
    "text": ("transformer",),
    **dict.fromkeys(CLOUDS, ("mlp", "linear")),
}


class Task(NamedTuple):
    """A model, the data it is to learn, and how.

    Attributes:
        train: examples and targets to learn from.
        test: examples and targets to report on; nothing is chosen by them.
        lr: the highest learning rate.
        baseline: what to compare the test loss with, and that loss; None where nothing is there.
        sample: what the model writes; None where it doesn't.
    """

    model: Module
    train: Data
    test: Data
    loss: Measure
    epochs: int
    batch_size: int
    lr: float
    augment: Augment | None = None
    baseline: tuple[str, float] | None = None
    sample: Callable[[], str] | None = None


def task(
    name: str, rng: np.random.Generator, model: str | None = None, hidden: Sequence[int] = ()
) -> Task:
    """The data set `name` and a fresh model for it.

    Args:
        name: one of `MODELS`.
        rng: draws the points of a cloud, and the initial weights.
        model: one of `MODELS[name]`; None is the first of them.
        hidden: the widths of an mlp's hidden layers; none given are what suits the data.

    Raises:
        ValueError: there is no such data set, or no such model for it.

    >>> task("spiral", np.random.default_rng(0), "mlp", [8]).model
    MLP(activation=tanh): 33 parameters
      layers.0: Linear(in_features=2, out_features=8): 24 parameters
      layers.1: Linear(in_features=8, out_features=1): 9 parameters
    """
    if name not in MODELS:
        raise ValueError(f"the data set must be one of {', '.join(MODELS)}, got {name!r}; name one")
    kind = model or MODELS[name][0]
    if kind not in MODELS[name]:
        raise ValueError(
            f"the model for {name} must be one of {', '.join(MODELS[name])}, got {kind!r}; name one"
        )
    if hidden and kind != "mlp":
        raise ValueError(f"hidden widths are for an mlp, got {hidden} for {kind}; leave them out")
    if name == "text":
        return _text(rng)
    if name == "digits":
        return _digits(kind, hidden or (64,), rng)
    return _cloud(name, kind, hidden or (16, 16), rng)


def _digits(kind: str, hidden: Sequence[int], rng: np.random.Generator) -> Task:
    """The fixed split: 1,442 images to train on, 355 to test on."""
    images, labels = data.digits()
    train, test = data.split(images.astype(np.float32), labels)
    model: Module
    if kind == "cnn":
        model = DigitsNetwork(rng=rng)
    else:
        widths = hidden if kind == "mlp" else ()
        model = Sequential(Flatten(), MLP(64, *widths, 10, rng=rng))
    lr, augment = (0.005, distort) if kind == "cnn" else (0.01, None)
    return Task(model.astype(np.float32), train, test, cross_entropy, 30, 64, lr, augment)


def _cloud(name: str, kind: str, hidden: Sequence[int], rng: np.random.Generator) -> Task:
    """400 points, of which 80 are for testing."""
    X, y = CLOUDS[name](400, noise=0.1, rng=rng)
    train, test = data.split(X, y)
    model = MLP(2, *(hidden if kind == "mlp" else ()), 1, activation=autograd.tanh, rng=rng)
    return Task(model, _column(train), _column(test), log_loss, 300, 32, 0.02)


def _column(part: Data) -> Data:
    """One target per output of a network with one output."""
    X, y = part
    return X, np.asarray(y)[:, None]


def _text(rng: np.random.Generator) -> Task:
    """The first nine tenths of the text to train on, the last one to test on.

    In six epochs the test loss falls to 1.8 nats per character; more epochs only memorize.
    """
    string = data.text()
    vocabulary = data.Vocabulary(string)
    numbers = vocabulary.encode(string)
    cut = len(numbers) * 9 // 10
    model = CharacterTransformer(len(vocabulary), rng=rng).astype(np.float32)
    train = windows(numbers[:cut], model.context, stride=model.context // 2)
    test = windows(numbers[cut:], model.context, stride=model.context)
    baseline = "bigram table", bigram_loss(numbers[:cut], test, len(vocabulary))

    def sample() -> str:
        prompt = vocabulary.encode("Alice ")
        return vocabulary.decode(model.generate(prompt, 300, rng=np.random.default_rng(0)))

    return Task(model, train, test, cross_entropy, 6, 32, 0.01, baseline=baseline, sample=sample)


def windows(
    numbers: NDArray[np.int64], length: int, stride: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Stretches of a text, shape (n, length), and the character that follows each character.

    >>> windows(np.arange(6), length=3, stride=2)
    (array([[0, 1, 2],
           [2, 3, 4]]), array([[1, 2, 3],
           [3, 4, 5]]))
    """
    both = np.lib.stride_tricks.sliding_window_view(numbers, length + 1)[::stride]
    return both[:, :-1], both[:, 1:]


def bigram_loss(
    numbers: NDArray[np.int64], test: Data, vocabulary: int, smoothing: float = 0.1
) -> float:
    """The mean of −ln p(next character | character), p being counted in a text.

    Args:
        numbers: the text that is counted, shape (n,).
        test: characters and those that follow them, arrays of one shape.
        vocabulary: how many characters there are.
        smoothing: what is added to each count, so that none is 0.

    >>> round(bigram_loss(np.array([0, 1, 0, 1, 0]), ([0, 1], [1, 0]), 2, smoothing=1e-9), 6)
    0.0
    """
    counts = np.full((vocabulary, vocabulary), smoothing)
    np.add.at(counts, (numbers[:-1], numbers[1:]), 1)
    probability = counts / counts.sum(axis=1, keepdims=True)
    return float(-np.log(probability[test]).mean())
