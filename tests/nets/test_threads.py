"""Small networks train on one thread, whatever the machine has."""

from __future__ import annotations

import sys
from contextlib import nullcontext

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import nets
from nets.train.threads import SMALL, limited


def threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info()}


@pytest.fixture(autouse=True)
def _many_cores(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)


def test_little_work_runs_on_one_thread_and_much_on_all() -> None:
    before = threads()
    with limited(None, SMALL):
        assert threads() == {1}
    assert threads() == before
    assert isinstance(limited(None, SMALL + 1), nullcontext)
    with limited(2, SMALL + 1):
        assert threads() == {2}


def test_one_core_needs_nothing(monkeypatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    assert isinstance(limited(None, 1), nullcontext)


def test_fit_takes_one_for_a_small_network() -> None:
    seen: list[set[int]] = []

    def loss(outputs, targets):
        seen.append(threads())
        return nets.mean_squared_error(outputs, targets)

    rng = np.random.default_rng(0)
    model = nets.MLP(2, 3, 1, rng=rng)
    data, adam = (np.ones((4, 2)), np.ones((4, 1))), nets.Adam(model.parameters())
    nets.fit(model, data, loss=loss, optimiser=adam, epochs=1, rng=rng)
    assert seen == [{1}]
    with pytest.raises(ValueError, match="threads must be at least 1, got 0"):
        nets.fit(model, data, loss=loss, optimiser=adam, epochs=1, rng=rng, threads=0)


def test_without_threadpoolctl_it_says_what_that_costs(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    with pytest.warns(UserWarning, match="ten times"), limited(None, 1):
        pass
    with pytest.raises(ImportError, match=r"gradwalk\[training\]"):
        limited(1, 1)
