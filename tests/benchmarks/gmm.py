"""A mixture of Gaussians: the objective of ADBench, and its gradient.

F. Šrajer, Z. Kukelova and A. Fitzgibbon, "A benchmark of selected algorithmic differentiation tools
on some problems in computer vision and machine learning" (2018). The covariance of a component is
(Lᵀ L)⁻¹, of which the lower triangular L is given by the logarithms of its diagonal and the rest.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

D, K, N = 10, 25, 1000
BELOW = np.tril_indices(D, -1)


def numbers() -> tuple[np.ndarray, ...]:
    """Points; and the weights, means, logarithms of diagonals, and rests of triangles."""
    rng = np.random.default_rng(0)
    rest = rng.normal(size=(K, len(BELOW[0]))) * 0.3
    diagonals = rng.normal(size=(K, D)) * 0.3
    return rng.normal(size=(N, D)), rng.normal(size=K), rng.random((K, D)), diagonals, rest


def places() -> np.ndarray:
    """Where the elements of a triangle stand in its diagonal, its rest and a 0, one by one."""
    found = np.full((D, D), D + len(BELOW[0]))
    found[np.diag_indices(D)] = range(D)
    found[BELOW] = range(D, D + len(BELOW[0]))
    return found


def objective(np: Any, x: Any, weights: Any, means: Any, diagonals: Any, rest: Any) -> Any:
    """In NumPy's functions, which work on arrays and on Tensors."""
    scales = np.exp(diagonals)
    triangles = np.concatenate([scales, rest, np.zeros((K, 1))], axis=1)[:, places()]
    apart = np.expand_dims(means, 1) - x
    distances = np.sum(np.square(apart @ np.swapaxes(triangles, 1, 2)), axis=2)
    terms = np.expand_dims(weights + np.sum(diagonals, axis=1), 1) - 0.5 * distances
    top = np.max(terms, axis=0, keepdims=True)
    likelihood = np.sum(np.log(np.sum(np.exp(terms - top), axis=0))) + np.sum(top)
    likelihood = likelihood - N * np.log(np.sum(np.exp(weights)))
    prior = 0.5 * (np.sum(np.square(scales)) + np.sum(np.square(rest)))
    return likelihood - N * D * 0.5 * math.log(2 * math.pi) + prior


def gradient(x: Any, weights: Any, means: Any, diagonals: Any, rest: Any) -> list[np.ndarray]:
    """By hand."""
    scales = np.exp(diagonals)
    triangles = np.concatenate([scales, rest, np.zeros((K, 1))], axis=1)[:, places()]
    apart = means[:, None] - x
    seen = apart @ triangles.mT
    terms = (weights + diagonals.sum(1))[:, None] - 0.5 * (seen**2).sum(2)
    shares = np.exp(terms - terms.max(0))
    shares /= shares.sum(0)
    expected = np.exp(weights) / np.exp(weights).sum()
    of_seen = -shares[:, :, None] * seen
    of_triangles = of_seen.mT @ apart
    on_diagonal = np.diagonal(of_triangles, axis1=1, axis2=2)
    return [
        shares.sum(1) - N * expected,
        (of_seen @ triangles).sum(1),
        shares.sum(1)[:, None] + on_diagonal * scales + scales**2,
        of_triangles[:, *BELOW] + rest,
    ]


def gradwalk(replayed: bool) -> Any:
    from autograd import Tensor
    from autograd.tape import Tape

    x, *rest = numbers()
    parameters = [Tensor(p) for p in rest]
    if replayed:
        tape = Tape(objective(np, x, *parameters), [], wrt=parameters)
        return lambda: tape.value_and_grad(copy=False)

    def step() -> Any:
        value = objective(np, x, *parameters)
        value.backward()
        return value.data, [p.grad for p in parameters]

    return step


def value_alone() -> Any:
    given = numbers()
    slopes = gradient(*given)
    return lambda: (objective(np, *given), slopes)


def torch() -> Any:
    import torch

    x, *rest = (torch.tensor(p) for p in numbers())
    for p in rest:
        p.requires_grad_()
    where = torch.tensor(places())

    def step() -> Any:
        weights, means, diagonals, below = rest
        scales = torch.exp(diagonals)
        triangles = torch.cat([scales, below, scales.new_zeros((K, 1))], 1)[:, where]
        seen = (means[:, None] - x) @ triangles.mT
        terms = (weights + diagonals.sum(1))[:, None] - 0.5 * seen.square().sum(2)
        value = torch.logsumexp(terms, 0).sum() - N * torch.logsumexp(weights, 0)
        value = value - N * D * 0.5 * math.log(2 * math.pi)
        value = value + 0.5 * (scales.square().sum() + below.square().sum())
        for p in rest:
            p.grad = None
        value.backward()
        return value.detach(), [p.grad for p in rest]

    return step


GMM = {
    "gradwalk replayed": lambda: gradwalk(True),
    "gradwalk eager": lambda: gradwalk(False),
    "NumPy, the value alone": value_alone,
    "PyTorch": torch,
}
