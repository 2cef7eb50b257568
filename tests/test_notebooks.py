"""The committed notebooks are what a run of them gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_run_gives_what_is_committed(path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.notebooks", "--check", path.stem],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
