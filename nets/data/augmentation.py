"""New looks for images, so that a network learns what they have in common."""

import numpy as np
from numpy.typing import NDArray


def distort(
    images: NDArray[np.floating],
    rng: np.random.Generator,
    *,
    turn: float = 0.2,
    scale: float = 0.12,
    shear: float = 0.15,
    shift: float = 0.7,
) -> NDArray[np.floating]:
    """Each image under an affine map of its own that is drawn near the identity.

    What comes in from beyond the edge is 0; between pixels the image is interpolated bilinearly.

    Args:
        images: shape (n, height, width).
        rng: draws the maps, uniformly.
        turn: the greatest angle in radians, either way.
        scale: how much height and width may grow or shrink, as a fraction.
        shear: how far a row may slide, in pixels per row from the centre.
        shift: how far the image may move in each direction, in pixels.

    Returns:
        Images of the same shape and dtype.

    Source: P. Simard, D. Steinkraus and J. Platt, "Best practices for convolutional neural networks
    applied to visual document analysis", ICDAR 2003.

    >>> images = np.eye(3)[None]
    >>> rng = np.random.default_rng(0)
    >>> bool((distort(images, rng, turn=0, scale=0, shear=0, shift=0) == images).all())
    True
    """
    n, height, width = images.shape
    centre = np.array([(height - 1) / 2, (width - 1) / 2])
    angle = rng.uniform(-turn, turn, n)
    sin, cos = np.sin(angle), np.cos(angle)
    slide = rng.uniform(-shear, shear, n)
    stretch = 1 + rng.uniform(-scale, scale, (n, 1, 2))
    maps = np.stack([cos, sin + slide, -sin, cos], axis=1).reshape(n, 2, 2) * stretch
    grid = np.indices((height, width)).reshape(2, -1).T - centre
    sources = grid @ maps + centre + rng.uniform(-shift, shift, (n, 1, 2))

    # Two rows and columns of zeros stand for all that lies outside.
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    rows, columns = np.moveaxis(np.clip(sources + 2, 0, [height + 2, width + 2]), -1, 0)
    i, j = rows.astype(int), columns.astype(int)
    down, right = rows - i, columns - j
    each = np.arange(n)[:, None]
    distorted: NDArray[np.floating] = (
        padded[each, i, j] * (1 - down) * (1 - right)
        + padded[each, i + 1, j] * down * (1 - right)
        + padded[each, i, j + 1] * (1 - down) * right
        + padded[each, i + 1, j + 1] * down * right
    )
    return distorted.reshape(images.shape).astype(images.dtype)
