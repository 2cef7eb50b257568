"""Handwritten digits: 1,797 images of 8×8 pixels.

Source: E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine
Learning Repository (1998), https://doi.org/10.24432/C50P49; the test part of the data set, as
`sklearn.datasets.load_digits` has it, in the same order. Thirteen people wrote them.
Licence: Creative Commons Attribution 4.0 International (CC BY 4.0),
https://creativecommons.org/licenses/by/4.0/; see `LICENSE-digits.txt` beside this file.
"""

from __future__ import annotations

from importlib import resources

import numpy as np
from numpy.typing import NDArray


def digits() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The images and the digits that they show.

    Returns:
        The images, shape (1797, 8, 8) float64, from 0 (paper) to 1 (ink): the table's counts of
        inked pixels in each 4×4 block, 0 to 16, divided by 16; and the labels 0 to 9, shape
        (1797,) int64.

    >>> images, labels = digits()
    >>> images.shape, labels[:10]
    ((1797, 8, 8), array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    """
    with (
        resources.files("nets.data").joinpath("digits.npz").open("rb") as file,
        np.load(file, allow_pickle=False) as table,
    ):
        return table["images"] / 16.0, table["labels"].astype(np.int64)
