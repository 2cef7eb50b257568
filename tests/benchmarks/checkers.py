"""How often gradient checkers are right: ours, PyTorch's, JAX's and HIPS's on the comparison sets.

    python tests/benchmarks/checkers.py [--points 40] [--hips FOLDER]

prints a table for the libraries that are installed, each with its default tolerances, in a process
of its own: on the set that was at hand while ours was written, and on the one that was not (without
our own networks). HIPS's package is called `autograd` as well, so it is looked for in a folder:
`pip install --target FOLDER autograd`. Then the gradients that are written elsewhere, where
PyTorch, JAX and SciPy are installed (see `elsewhere.py`).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
ERRORS = (0.0, 1e-3, 1e-5)


def comparison_sets() -> dict[str, list[Any]]:
    path = ROOT / "tests/testing/comparison.py"
    spec = importlib.util.spec_from_file_location("comparison", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    held_out = [entry for entry in module.HELD_OUT if not entry.own]
    return {"at hand": module.SET, "held out": held_out}


# A library's checker is `passes(f, x, error)`, for f(m, x) whose gradient is 1 + error times right.


def gradwalk() -> Callable[..., bool]:
    sys.path.insert(0, str(ROOT))
    import autograd
    from autograd import Primitive, Tensor
    from autograd.testing import GradientError, check_grads

    def passes(f: Any, x: np.ndarray, error: float) -> bool:
        rule = lambda g, out, x: g * (1 + error)  # noqa: E731
        planted = Primitive("planted", "×", lambda x: x, lambda x: x, (rule,), "x.")
        try:
            check_grads(lambda x: f(autograd, planted(x)), Tensor(x), order=1)
        except GradientError:
            return False
        return True

    return passes


def pytorch() -> Callable[..., bool]:
    import torch

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any, error: float) -> Any:
            ctx.error = error
            return x.clone()

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * (1 + ctx.error), None

    def passes(f: Any, x: np.ndarray, error: float) -> bool:
        leaf = torch.tensor(x, requires_grad=True)
        planted = lambda x: f(torch, Planted.apply(x, error))  # noqa: E731
        return bool(torch.autograd.gradcheck(planted, (leaf,), raise_exception=False))

    return passes


def jax() -> Callable[..., bool]:
    import jax
    import jax.numpy as jnp
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    def planted(error: float) -> Any:
        identity = jax.custom_vjp(lambda x: x)
        identity.defvjp(lambda x: (x, None), lambda _, g: (g * (1 + error),))
        return identity

    identities = {error: planted(error) for error in ERRORS}

    def passes(f: Any, x: np.ndarray, error: float) -> bool:
        try:
            check_grads(lambda x: f(jnp, identities[error](x)), (jnp.asarray(x),), 1, ["rev"])
        except AssertionError:
            return False
        return True

    return passes


def hips() -> Callable[..., bool]:
    import autograd.numpy as anp
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    def planted(error: float) -> Any:
        identity = primitive(lambda x: x * 1.0)
        defvjp(identity, lambda out, x: lambda g: g * (1 + error))
        return identity

    identities = {error: planted(error) for error in ERRORS}

    def passes(f: Any, x: np.ndarray, error: float) -> bool:
        try:
            check_grads(lambda x: f(anp, identities[error](x)), modes=["rev"], order=1)(x)
        except (AssertionError, TypeError):
            return False
        return True

    return passes


CHECKERS = {"gradwalk": gradwalk, "PyTorch": pytorch, "JAX": jax, "HIPS autograd": hips}


def measured(name: str, points: int) -> list[list[int]]:
    """For each set how many gradients do not pass: right ones, and those with a planted error."""
    warnings.simplefilter("ignore")
    passes, counts = CHECKERS[name](), []
    for entries in comparison_sets().values():
        counts.append([0] * len(ERRORS))
        for entry in entries:
            for x in islice(entry.points(), points):
                np.random.seed(0)  # HIPS draws its directions from the global generator
                for i, error in enumerate(ERRORS):
                    counts[-1][i] += not passes(entry.f, x, error)
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=40)
    parser.add_argument("--hips", help="the folder of HIPS's package")
    parser.add_argument("--only", choices=CHECKERS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        print(json.dumps(measured(asked.only, asked.points)))
        return
    sets = comparison_sets()
    sizes = {name: asked.points * len(entries) for name, entries in sets.items()}
    print(
        ", ".join(
            f"{name}: {len(sets[name])} functions, {n:,} gradients each"
            for name, n in sizes.items()
        )
    )
    print(f"{'':28}{'right: rejected':>17}{'wrong by 1e-3: caught':>24}{'by 1e-5: caught':>18}")
    for name in CHECKERS:
        command = [sys.executable, __file__, "--only", name, "--points", str(asked.points)]
        environment = (
            {**os.environ, "PYTHONPATH": asked.hips or ""} if name.startswith("H") else None
        )
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{name:15}  not run: {done.stderr.strip().splitlines()[-1]}")
            continue
        for which, counts in zip(sets, json.loads(done.stdout.splitlines()[-1]), strict=True):
            right, coarse, fine = counts
            print(f"{name:15}{which:13}{right:>17,}{coarse:>24,}{fine:>18,}", flush=True)
    print("\nGradients that are written elsewhere", flush=True)
    subprocess.run([sys.executable, ROOT / "tests/benchmarks/elsewhere.py"], check=False)


if __name__ == "__main__":
    main()
