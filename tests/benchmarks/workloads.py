"""What is measured: each workload's title, contenders, and how well their results agree."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import gmm
import gpt
import networks
import scalars
import training

Step = Callable[[], tuple[Any, Any]]  # computes a value and its gradients


class Workload(NamedTuple):
    """`contenders` make, by name, a `Step`; everything that is done once they do beforehand."""

    title: str
    contenders: dict[str, Callable[..., Step]]
    tolerance: float = 1e-9


def of(
    contenders: dict[str, Callable[..., Step]], *arguments: Any
) -> dict[str, Callable[..., Step]]:
    return {name: partial(make, *arguments) for name, make in contenders.items()}


REPLAYED = {k: scalars.DEMO[k] for k in ("gradwalk replayed", "CasADi")}

WORKLOADS = {
    "demo": Workload("micrograd's demo: MLP 2-16-16-1, 100 points", of(scalars.DEMO, 100)),
    "demo4": Workload("the same with 400 points", of(REPLAYED, 400)),
    "demo16": Workload("the same with 1,600 points", of(REPLAYED, 1600)),
    "dag": Workload("a random graph of 1,000,000 scalar operations", of(scalars.DAG, 1_000_000)),
    "gpt": Workload("a GPT in 4,192 scalars: a step on 7 letters, with Adam", gpt.GPT),
    "rows": Workload("micrograd's demo for 1,000 sets of parameters", of(scalars.ROWS, 100, 1000)),
    "mlp": Workload("MLP 2-16-16-1, batch 100, float64", of(networks.MLP, *networks.SMALL)),
    "fit": Workload("nets.fit: 2,000 steps of 2-8-8-1, batch 10, Adam", training.FIT, 1e-6),
    "mnist": Workload(
        "MLP 784-256-128-10, batch 128, float32", of(networks.MLP, *networks.LARGE), 1e-3
    ),
    "lenet": Workload("LeNet on 28×28, batch 64, float32", networks.LENET, 1e-3),
    "transformer": Workload(
        "a transformer block: width 128, 4 heads, 64 tokens, batch 8, float32",
        networks.TRANSFORMER,
        1e-3,
    ),
    "gmm": Workload("ADBench's mixture of 25 Gaussians: 1,000 points of 10 numbers", gmm.GMM),
    "gelu": Workload("GELU of 2,000,000 numbers, float64", networks.GELU),
    "hessian": Workload("the Hessian of a network with 50 parameters", networks.HESSIAN, 1e-6),
}
