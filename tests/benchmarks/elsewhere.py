"""How often gradients of PyTorch, JAX, SciPy and hand-written NumPy are judged rightly.

    python tests/benchmarks/elsewhere.py [--points 4]

plants errors of 0, 1e-3 and 1e-5, in all entries of a gradient or in its largest, and counts what
is noticed: by ours, by PyTorch's gradcheck (slow and fast) and by JAX's, all with their defaults,
on a set that was at hand while the checker was written and on one that was not. The times are
ratios to gradcheck's slow mode, check by check, of right gradients, in one run.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import jax
import jax.numpy as jnp
import torch
from jax.test_util import check_grads as jax_check_grads
from scipy import special

import autograd.testing.jax as of_jax
import autograd.testing.torch as of_torch
from autograd.testing import examine_vjp

jax.config.update("jax_enable_x64", True)
F, L = torch.nn.functional, torch.linalg
ERRORS = {
    "right": (0.0, True),
    "1e-3, all": (1e-3, True),
    "1e-3, one": (1e-3, False),
    "1e-5, all": (1e-5, True),
    "1e-5, one": (1e-5, False),
}
RNG = np.random.default_rng(0)
IMAGE, KERNEL = RNG.normal(size=(1, 2, 5, 5)), RNG.normal(size=(3, 2, 3, 3))
W, V = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3))
LABELS = np.array([0, 2, 1, 1])


class Entry(NamedTuple):
    """A function of one array; with `vjp` a pair of NumPy functions, else of the framework."""

    name: str
    kind: str  # torch, jax or numpy
    f: Callable[..., Any]
    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    vjp: Callable[..., Any] | None = None

    def points(self, count: int) -> list[np.ndarray]:
        rng = np.random.default_rng([ord(letter) for letter in self.name])
        return [rng.uniform(self.low, self.high, self.shape) for _ in range(count)]


def tensor(x: Any) -> Any:
    return torch.tensor(x)


def spd(x: Any, eye: Any) -> Any:
    return x @ x.swapaxes(-1, -2) + 3 * eye


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_vjp(g: Any, x: Any) -> Any:
    y = softmax(x)
    return y * (g - (g * y).sum(axis=-1, keepdims=True))


def normalised(x: Any) -> Any:
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def normalised_vjp(g: Any, x: Any) -> Any:
    y = normalised(x)
    return (g - g.mean(axis=0) - y * (g * y).mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rosenbrock_vjp(g: Any, x: Any) -> Any:
    found = np.zeros_like(x)
    found[:-1] += -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    found[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return g * found


def convolved_vjp(g: Any, x: Any) -> Any:
    return np.convolve(g, V[0][::-1])


def loss(x: Any) -> Any:
    return -np.log(softmax(x)[np.arange(4), LABELS]).mean()


def loss_vjp(g: Any, x: Any) -> Any:
    return g * (softmax(x) - np.eye(3)[LABELS]) / 4


AT_HAND = [
    Entry("tanh", "torch", torch.tanh, (6,)),
    Entry("exp", "torch", torch.exp, (6,)),
    Entry("log", "torch", torch.log, (6,), 0.01, 3.0),
    Entry("sqrt", "torch", torch.sqrt, (6,), 1e-4, 3.0),
    Entry("relu", "torch", torch.relu, (6,)),
    Entry("softplus of a large number", "torch", lambda x: F.softplus(20 * x), (6,)),
    Entry("sum of squares on 1e6", "torch", lambda x: 1e6 + (x * x).sum(), (4,)),
    Entry("layer norm", "torch", lambda x: F.layer_norm(x, (4,)), (3, 4)),
    Entry("cross-entropy", "torch", lambda x: F.cross_entropy(x, tensor(LABELS)), (4, 3)),
    Entry("convolution", "torch", lambda x: F.conv2d(x, tensor(KERNEL)), (1, 2, 5, 5)),
    Entry("attention", "torch", lambda x: F.scaled_dot_product_attention(x, x, x), (3, 4)),
    Entry("inverse", "torch", lambda x: L.inv(spd(x, torch.eye(3))), (3, 3)),
    Entry("Cholesky", "torch", lambda x: L.cholesky(spd(x, torch.eye(3))), (3, 3)),
    Entry("norm", "torch", lambda x: L.norm(x), (6,)),
    Entry("log of the gamma function", "torch", torch.lgamma, (5,), 0.5, 6.0),
    Entry("cumulative product", "torch", lambda x: torch.cumprod(x, 0), (5,)),
    Entry("sine", "jax", jnp.sin, (6,)),
    Entry("logsumexp", "jax", lambda x: jax.nn.logsumexp(x, axis=1), (3, 4)),
    Entry("matrix product", "jax", lambda x: x @ jnp.asarray(W), (2, 4)),
    Entry("scan", "jax", lambda x: jax.lax.scan(lambda c, y: (c * jnp.cos(y), c), 1.0, x), (5,)),
    Entry("solve", "jax", lambda x: jnp.linalg.solve(spd(x, jnp.eye(3)), x[0]), (3, 3)),
    Entry("gelu", "jax", jax.nn.gelu, (6,)),
    Entry("error function", "numpy", special.erf, (5,),
          vjp=lambda g, x: g * 2 / np.sqrt(np.pi) * np.exp(-x * x)),
    Entry("digamma", "numpy", special.digamma, (5,), 0.5, 5.0,
          vjp=lambda g, x: g * special.polygamma(1, x)),
    Entry("Bessel function", "numpy", special.j0, (5,), vjp=lambda g, x: -g * special.j1(x)),
    Entry("Rosenbrock", "numpy", rosenbrock, (5,), vjp=rosenbrock_vjp),
    Entry("softmax", "numpy", softmax, (3, 4), vjp=softmax_vjp),
    Entry("batch norm", "numpy", normalised, (5, 3), vjp=normalised_vjp),
    Entry("convolution by hand", "numpy", lambda x: np.convolve(x, V[0], "valid"), (8,),
          vjp=convolved_vjp),
    Entry("loss by hand", "numpy", loss, (4, 3), vjp=loss_vjp),
    Entry("determinant", "numpy", lambda x: np.linalg.det(x + 3 * np.eye(3)), (3, 3),
          vjp=lambda g, x: g * np.linalg.det(x + 3 * np.eye(3))
          * np.linalg.inv(x + 3 * np.eye(3)).T),
    Entry("maximum", "numpy", np.max, (6,), vjp=lambda g, x: g * (x == x.max())),
]  # fmt: skip

# Written down before the checker was run on any of them.
HELD_OUT = [
    Entry("sigmoid", "torch", torch.sigmoid, (6,), -6.0, 6.0),
    Entry("arctangent of two", "torch", lambda x: torch.atan2(x, 1 + x * x), (6,)),
    Entry("group norm", "torch", lambda x: F.group_norm(x, 2), (2, 4, 3)),
    Entry("smooth L1", "torch", lambda x: F.smooth_l1_loss(x, tensor(W)), (4, 3)),
    Entry("max pooling", "torch", lambda x: F.max_pool2d(x, 2), (1, 1, 4, 4)),
    Entry("interpolation", "torch", lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"),
          (1, 1, 3, 3)),
    Entry("matrix exponential", "torch", lambda x: torch.matrix_exp(x / 2), (3, 3)),
    Entry("eigenvalues", "torch", lambda x: L.eigvalsh(spd(x, torch.eye(3))), (3, 3)),
    Entry("variance", "torch", lambda x: torch.var(1000 + x), (6,)),
    Entry("Huber", "jax", lambda x: jnp.where(jnp.abs(x) < 1, x * x / 2, jnp.abs(x) - 0.5), (6,)),
    Entry("softmax of JAX", "jax", lambda x: jax.nn.softmax(3 * x), (6,)),
    Entry("Einstein sum", "jax", lambda x: jnp.einsum("ij,jk,ki->", x, x, x), (3, 3)),
    Entry("power", "jax", lambda x: jnp.power(x, x), (5,), 0.2, 3.0),
    Entry("log of the normal distribution", "numpy", special.log_ndtr, (5,),
          vjp=lambda g, x: g * np.exp(-x * x / 2 - special.log_ndtr(x)) / np.sqrt(2 * np.pi)),
    Entry("exponential integral", "numpy", special.exp1, (5,), 0.1, 3.0,
          vjp=lambda g, x: -g * np.exp(-x) / x),
    Entry("entropy", "numpy", lambda x: special.entr(x).sum(), (5,), 0.05, 2.0,
          vjp=lambda g, x: -g * (np.log(x) + 1)),
    Entry("mean square by hand", "numpy", lambda x: ((x @ V - W) ** 2).mean(), (4, 3),
          vjp=lambda g, x: g * 2 * (x @ V - W) @ V.T / W.size),
    Entry("cumulative sum", "numpy", np.cumsum, (6,), vjp=lambda g, x: np.cumsum(g[::-1])[::-1]),
    Entry("hinge", "numpy", lambda x: np.maximum(0, 1 - x).sum(), (6,),
          vjp=lambda g, x: -g * (x < 1)),
    Entry("quadratic form", "numpy", lambda x: x @ V @ x, (3,), vjp=lambda g, x: g * (V + V.T) @ x),
]  # fmt: skip


def factors(shape: tuple[int, ...], gradient: Any, error: float, everywhere: bool) -> np.ndarray:
    """By what a gradient is multiplied: in all entries, or in the largest."""
    found = np.full(shape, 1 + error if everywhere else 1.0)
    found.flat[np.abs(gradient).argmax()] = 1 + error
    return found


def spoilt(x: Any, factor: Any) -> Any:
    """`x` with a gradient that is multiplied by `factor`."""
    same = x.clone()
    if same.requires_grad:
        same.register_hook(lambda g: g if g is None else g * factor)
    return same


@jax.custom_vjp
def planted(x: Any, factor: Any) -> Any:
    return x


planted.defvjp(lambda x, factor: (x, factor), lambda factor, g: (g * factor, None))


def gradient(entry: Entry, x: np.ndarray) -> Any:
    """For a random cotangent."""
    rng = np.random.default_rng(3)
    if entry.vjp is not None:
        return entry.vjp(rng.normal(size=np.shape(entry.f(x))), x)
    if entry.kind == "jax":
        output, back = jax.vjp(entry.f, jnp.asarray(x))
        seed = jax.tree.map(lambda y: jnp.asarray(rng.normal(size=y.shape)), output)
        return np.asarray(back(seed)[0])
    leaf = torch.tensor(x, requires_grad=True)
    output = entry.f(leaf)
    seed = torch.tensor(rng.normal(size=output.shape))
    return torch.autograd.grad(output, leaf, seed)[0].numpy()


def checkers(entry: Entry, x: np.ndarray, error: float, everywhere: bool) -> dict[str, Any]:
    """Who checks the entry's gradient with that error, as calls that say whether it passes."""
    factor = factors(x.shape, gradient(entry, x), error, everywhere)
    if entry.vjp is not None:
        vjp = entry.vjp
        wrong = lambda g, x: vjp(g, x) * factor  # noqa: E731
        return {"gradwalk": lambda: examine_vjp(entry.f, wrong, x).ok}
    if entry.kind == "jax":
        f = lambda x: entry.f(planted(x, factor))  # noqa: E731

        def by_jax() -> bool:
            try:
                jax_check_grads(f, (jnp.asarray(x),), 1, ["rev"])
            except AssertionError:
                return False
            return True

        return {"gradwalk": lambda: of_jax.examine(f, jnp.asarray(x), order=1).ok, "JAX": by_jax}
    f = lambda x: entry.f(spoilt(x, torch.tensor(factor)))  # noqa: E731
    leaf = torch.tensor(x, requires_grad=True)
    gradcheck = torch.autograd.gradcheck
    return {
        "gradwalk": lambda: of_torch.examine(f, leaf, order=1).ok,
        "gradcheck": lambda: gradcheck(f, (leaf,), raise_exception=False),
        "gradcheck, fast": lambda: gradcheck(f, (leaf,), raise_exception=False, fast_mode=True),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=4)
    count = parser.parse_args().points
    warnings.simplefilter("ignore")
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    for title, entries in (("at hand", AT_HAND), ("held out", HELD_OUT)):
        told: dict[tuple[str, str], list[bool]] = defaultdict(list)
        ratios = []
        for entry in entries:
            for x in entry.points(count):
                for name, planting in ERRORS.items():
                    times = {}
                    for who, passes in checkers(entry, x, *planting).items():
                        start = time.perf_counter()
                        right = passes() == (name == "right")
                        times[who] = time.perf_counter() - start
                        told[name, who].append(right)
                        told[name, f"{who} of {entry.kind}"].append(right)
                        if who == "gradwalk" and not right:
                            print(f"not told: {entry.name}, {name}, {x}")
                    if name == "right" and "gradcheck" in times:
                        ratios.append(times["gradwalk"] / times["gradcheck"])
        print(f"\n{title}: {len(entries)} functions, {count} points each; judged rightly, of")
        columns = ["gradwalk", "gradwalk of torch", "gradcheck", "gradcheck, fast",
                   "gradwalk of jax", "JAX"]  # fmt: skip
        print(f"{'':12}" + "".join(f"{who:>20}" for who in columns))
        for name in ERRORS:
            cells = [f"{sum(told[name, who])} / {len(told[name, who])}" for who in columns]
            print(f"{name:12}" + "".join(f"{cell:>20}" for cell in cells))
        print(f"time / gradcheck's, median: {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main()
