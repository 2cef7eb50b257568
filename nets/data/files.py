"""Data that ship as files, handwritten digits and a short English text, made ready to learn from.

The digits: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
Learning Repository (1998), https://doi.org/10.24432/C50P49; the test part of the data set, as
`sklearn.datasets.load_digits` has it, in the same order. Thirteen people wrote them.
Licence: Creative Commons Attribution 4.0 International (CC BY 4.0),
https://creativecommons.org/licenses/by/4.0/; see `LICENSE-digits.txt` beside this file.

The text: Lewis Carroll, "Alice's Adventures in Wonderland" (1865), chapters I to V, from the
Millennium Fulcrum Edition 3.0; changed: lines are flush left, and lines of asterisks are left out.
Licence: public domain; its author died in 1898.
"""

from collections.abc import Iterable
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Part = tuple[NDArray[Any], NDArray[Any]]
FOLDER = resources.files("nets.data")


def digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """1,797 images of 8×8 pixels, and the digits that they show.

    Returns:
        The images, shape (1797, 8, 8) float64, from 0 (paper) to 1 (ink): the table's counts of
        inked pixels in each 4×4 block, 0 to 16, divided by 16; and the labels 0 to 9, shape
        (1797,) int64.

    >>> images, labels = digits()
    >>> images.shape, labels[:10]
    ((1797, 8, 8), array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    """
    with (FOLDER / "digits.npz").open("rb") as file, np.load(file, allow_pickle=False) as table:
        return table["images"] / 16.0, table["labels"].astype(np.int64)


def split(
    X: ArrayLike, y: ArrayLike, *, every: int = 5, rng: np.random.Generator | None = None
) -> tuple[Part, Part]:
    """Keep every fifth example of each class for testing, so that both parts have its proportions.

    Without `rng` the split is fixed: one in `every` counts in the order of the rows. With it, the
    rows are counted in a random order. Either way both parts keep the order of the rows.
    Of the digits 1,442 are to train on and 355 to test on; the same people wrote both parts.

    Args:
        X: the examples, shape (n, ...).
        y: their classes, shape (n,); numbers that are not whole are of one class, so that one in
            `every` rows is kept.
        every: one in `every` examples of a class is for testing; at least 2.
        rng: draws the order of counting.

    Returns:
        `(X_train, y_train), (X_test, y_test)`.

    Raises:
        ValueError: for labels that aren't one per example, or `every` below 2.

    >>> (X_train, y_train), (X_test, y_test) = split(range(10), [0, 1] * 5)
    >>> X_test, y_test
    (array([8, 9]), array([0, 1]))
    """
    examples, labels = np.asarray(X), np.asarray(y)
    if labels.ndim != 1 or examples.shape[:1] != labels.shape:
        raise ValueError(
            f"split: y must hold one label per example, got shapes {examples.shape} and "
            f"{labels.shape}; make their lengths agree"
        )
    if every < 2:
        raise ValueError(
            f"split: every must be at least 2, got {every}; below that nothing is left to train on"
        )
    order = np.arange(len(labels)) if rng is None else rng.permutation(len(labels))
    test = np.zeros(len(labels), dtype=bool)
    continuous = labels.dtype.kind == "f" and not (labels == np.round(labels)).all()
    classes = np.zeros(len(labels)) if continuous else labels
    for label in np.unique(classes):
        test[order[classes[order] == label][every - 1 :: every]] = True
    if not test.any() and len(labels):
        raise ValueError(
            f"split: a class must have at least {every} examples for one to test on, got "
            f"{len(np.unique(classes))} classes of {len(labels)} examples; lower `every`"
        )
    return (examples[~test], labels[~test]), (examples[test], labels[test])


def text() -> str:
    """The text: 56,999 ASCII characters, 65 different ones, lines ended by a newline.

    >>> print(text()[:27])
    CHAPTER I. Down the Rabbit-
    """
    return (FOLDER / "text.txt").read_text(encoding="ascii")


class Vocabulary:
    """A numbering of characters: the sorted distinct characters of a text are 0, 1, 2, ...

    Args:
        characters: a text that holds every character to be numbered.

    Attributes:
        characters: the distinct characters; `characters[i]` has number i. Its length is what an
            embedding needs, also as `len(vocabulary)`.

    >>> vocabulary = Vocabulary("hello")
    >>> vocabulary.characters, len(vocabulary)
    ('ehlo', 4)
    >>> vocabulary.encode("hole")
    array([1, 3, 2, 0])
    >>> vocabulary.decode([1, 3, 2, 0])
    'hole'
    """

    def __init__(self, characters: Iterable[str]) -> None:
        self.characters = "".join(sorted(set(characters)))
        self._number = {character: i for i, character in enumerate(self.characters)}

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, string: str) -> NDArray[np.int64]:
        """The numbers of a string's characters, shape (len(string),).

        Raises:
            ValueError: for a character that has no number.
        """
        try:
            return np.array([self._number[character] for character in string], dtype=np.int64)
        except KeyError as error:
            raise ValueError(
                f"Vocabulary.encode: every character must be one of {self.characters!r}, "
                f"got {error.args[0]!r}; build the vocabulary from a text that has it"
            ) from None

    def decode(self, numbers: ArrayLike) -> str:
        """The string whose characters have these numbers, shape (n,).

        Raises:
            ValueError: for a number that no character has, or a shape that isn't (n,).
        """
        array = np.asarray(numbers)
        integers = array.size == 0 or array.dtype.kind in "iu"
        if array.ndim != 1 or not integers or ((array < 0) | (array >= len(self))).any():
            raise ValueError(
                f"Vocabulary.decode: numbers must be a vector of integers 0 to {len(self) - 1}, "
                f"got {array.tolist()}; pass what encode returned"
            )
        return "".join(self.characters[i] for i in array)
