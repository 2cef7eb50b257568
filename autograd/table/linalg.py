"""Rows of linear algebra: systems of equations, inverses, determinants and Cholesky's factor.

All work on stacks of matrices, (..., n, n). Rules after M. Giles, "Collected matrix derivative
results for forward and reverse mode algorithmic differentiation" (2008), and for `cholesky` I.
Murray, "Differentiation of the Cholesky decomposition" (2016).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd.core.numbers import boxed
from autograd.core.primitive import Case, primitive
from autograd.table import checks
from autograd.table.elementwise import abs, log, sqrt
from autograd.table.masks import sign
from autograd.table.products import matmul
from autograd.table.reductions import sum as total
from autograd.table.shapes import reshape, shape_of
from autograd.table.sorting import numbers_of

# --- forwards ---------------------------------------------------------------------------------


def array_cofactors(a: np.ndarray) -> np.ndarray:
    """det(A) A⁻ᵀ, by the singular values, and so for singular matrices too."""
    u, s, vt = np.linalg.svd(a)
    without = np.where(np.eye(s.shape[-1], dtype=bool), 1.0, s[..., None, :]).prod(-1)
    orientation = np.linalg.det(u) * np.linalg.det(vt)
    return (orientation[..., None, None] * (u * without[..., None, :]) @ vt).astype(a.dtype)


def adjugate(a: np.ndarray) -> tuple[Any, np.ndarray]:
    """The determinant of one matrix of Values and its adjugate, after Faddeev and LeVerrier.

    Polynomials: no pivot is chosen by its size, so that replays on other numbers stay right.
    """
    n = len(a)
    unit = np.eye(n, dtype=object)
    rest, c = np.zeros((n, n), object), 1.0
    for k in range(1, n + 1):
        rest = a @ rest + c * unit if k > 1 else unit
        c = np.trace(a @ rest) / -k
    even = n % 2 == 0
    return c if even else -c, -rest if even else rest


def divided(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The solution of A X = B for one matrix of Values."""
    det, adjoint = adjugate(a)
    if numbers_of(boxed(det)) == 0:
        raise np.linalg.LinAlgError("Singular matrix")
    return adjoint @ b.astype(object) / det


def by_matrix(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of single matrices of Values as one of stacks of them."""

    def of_stacks(*stacks: np.ndarray) -> np.ndarray:
        batch = np.broadcast_shapes(*(x.shape[:-2] for x in stacks))
        stacks = tuple(np.broadcast_to(x, batch + x.shape[-2:]) for x in stacks)
        found = {place: function(*(x[place] for x in stacks)) for place in np.ndindex(batch)}
        sample = function(*(np.eye(*x.shape[-2:]).astype(object) for x in stacks))
        out = np.empty(batch + np.shape(sample), object)
        for place, matrix in found.items():
            out[place] = matrix
        return out[()]

    return of_stacks


def cholesky_of_objects(a: np.ndarray) -> np.ndarray:
    out = np.zeros(a.shape, object)
    for i in range(len(a)):
        for j in range(i + 1):
            rest = a[i, j] - (out[i, :j] * out[j, :j]).sum()
            out[i, j] = sqrt(rest) if i == j else rest / out[j, j]
    return out


# --- rules --------------------------------------------------------------------------------------


def spread(g: Any) -> Any:
    """A number a matrix as a (1, 1) matrix, which broadcasts."""
    return reshape(g, shape=(*shape_of(g), 1, 1))


def cofactors_back(g: Any, out: Any, a: Any) -> Any:
    b = inv(a).mT
    return b * total(g * out, axis=(-2, -1), keepdims=True) - matmul(matmul(b, g.mT), out)


def cholesky_back(g: Any, out: Any, a: Any) -> Any:
    """NumPy reads the lower triangle alone, so that all of the gradient is there."""
    n = shape_of(a)[-1]
    lower = np.tril(np.ones((n, n)))
    half = lower - np.eye(n) / 2
    inner = matmul(out.mT, g) * half
    s = solve(out.mT, solve(out.mT, inner.mT).mT)
    return (s + s.mT) * half


SQUARES: tuple[Case, ...] = (
    (((2, 2),), {}), (((3, 3),), {}), (((2, 3, 3),), {}), (((1, 1),), {}),
)  # fmt: skip
REGULAR = "keep the matrix away from a singular one"

# fmt: off
solve     = primitive("solve", "solve", None, np.linalg.solve,
                      (lambda g, out, a, b: -matmul(solve(a.mT, g), out.mT), lambda g, out, a, b: solve(a.mT, g)),
                      "X with A X = B: (..., n, n) and (..., n, m) to (..., n, m); batch axes broadcast.",
                      objects=by_matrix(divided),
                      diagnosis=checks.system, regular=True, remedy=REGULAR,
                      cases=((((2, 2), (2, 3)), {}), (((3, 3), (3, 1)), {}), (((2, 3, 3), (3, 2)), {}),
                             (((1, 1), (1, 1)), {})))
inv       = primitive("inv", "inv", None, np.linalg.inv,
                      (lambda g, out, a: -matmul(matmul(out.mT, g), out.mT),),
                      "A⁻¹ of square matrices (..., n, n).",
                      objects=by_matrix(lambda a: divided(a, np.eye(len(a)))),
                      diagnosis=checks.squares, regular=True, remedy=REGULAR, cases=SQUARES)
det       = primitive("det", "det", None, np.linalg.det, (lambda g, out, a: spread(g) * cofactors(a),),
                      "The determinants of square matrices: (..., n, n) to (...).",
                      objects=by_matrix(lambda a: adjugate(a)[0]),
                      diagnosis=checks.squares, regular=True, cases=SQUARES)
cofactors = primitive("cofactors", "cof", None, array_cofactors, (cofactors_back,),
                      "The derivative of det: det(A) A⁻ᵀ where A is regular, (..., n, n).",
                      objects=by_matrix(lambda a: adjugate(a)[1].T),
                      diagnosis=checks.squares, regular=True, cases=SQUARES)
logabsdet = primitive("logabsdet", "ln|det|", None, lambda a: np.linalg.slogdet(a)[1],
                      (lambda g, out, a: spread(g) * inv(a).mT,),
                      "ln |det A| of square matrices, without overflow: (..., n, n) to (...).",
                      objects=lambda a: log(abs(det(a))), diagnosis=checks.squares, regular=True, remedy=REGULAR,
                      cases=SQUARES)
signdet   = primitive("signdet", "sign det", None, lambda a: np.linalg.slogdet(a)[0], (None,),
                      "The sign of det A: (..., n, n) to (...); locally constant.",
                      objects=lambda a: sign(det(a)), diagnosis=checks.squares, regular=True, cases=SQUARES)
cholesky  = primitive("cholesky", "chol", None, np.linalg.cholesky, (cholesky_back,),
                      "Lower triangular L with L Lᵀ = A, of which the lower triangle is read: (..., n, n).",
                      objects=by_matrix(cholesky_of_objects), diagnosis=checks.squares,
                      regular=True, remedy="keep the matrix positive definite", domain=((0.2, 5.0),),
                      cases=((((1, 1),), {}), (((2, 1, 1),), {})))


# --- in two parts -------------------------------------------------------------------------------


class SlogdetResult(NamedTuple):
    """The sign of a determinant, and the logarithm of its absolute value."""

    sign: Any
    logabsdet: Any


def slogdet(a: Any) -> SlogdetResult:
    """The sign of det A and ln |det A|, which do not overflow: (..., n, n) to (...) twice.

    >>> sign, logabsdet = slogdet(np.diag([-2.0, 3.0]))
    >>> float(sign), round(float(logabsdet), 6)
    (-1.0, 1.791759)
    """
    return SlogdetResult(signdet(a), logabsdet(a))
