"""The pytest plugin: the fixture, its failures, the profiles."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

TESTS = """
from hypothesis import settings
from autograd import Tensor

pytest_plugins = ["autograd.testing.plugin"]

def test_right(gradcheck):
    gradcheck(lambda x: x.tanh(), Tensor([1.0, 2.0]))

def test_wrong(gradcheck):
    gradcheck(lambda x: x * x.data, Tensor([1.0, 2.0]))

def test_profile():
    assert settings.default.derandomize
"""


def test_a_failure_shows_the_report_and_no_traceback(tmp_path):
    (tmp_path / "test_mine.py").write_text(TESTS, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["-p", "autograd.testing.plugin", "."]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HYPOTHESIS_PROFILE": "ci"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "inputs[0][0]" in done.stdout and "leaves" not in done.stderr
    assert "culprit: <lambda> itself: it reads the number of inputs[0]" in done.stdout
    assert "raise GradientError" not in done.stdout
