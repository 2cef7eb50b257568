"""Importing: light, and aware of the other distribution of the same name."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import autograd


def test_importing_the_engine_loads_nothing_heavy():
    code = "import sys, autograd; print(*{m.partition('.')[0] for m in sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(found.stdout.split())
    assert not loaded & {"graphviz", "hypothesis", "pytest", "matplotlib", "IPython", "asyncio"}


def test_the_other_autograd_is_noticed_once(tmp_path):
    (tmp_path / "autograd" / "numpy").mkdir(parents=True)
    code = "import autograd, autograd.core.walk; from autograd import Value"
    path = ":".join([str(next(iter(autograd.__path__))).removesuffix("autograd"), str(tmp_path)])
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": path},
    )
    assert found.stderr.count("pip uninstall autograd") == 1


def test_the_warning_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "autograd" / "numpy").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.warns(UserWarning, match="environment of its own"):
        importlib.reload(autograd)


def test_without_it_nothing_is_said():
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import autograd"], capture_output=True, text=True
    )
    assert (found.returncode, found.stderr) == (0, "")
