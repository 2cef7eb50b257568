"""The committed notebooks are what a run of them gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograd import Value
from autograd.errors import NoRenderer
from autograd.viz import draw

ROOT = Path(__file__).parents[1]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.notebooks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_run_gives_what_is_committed(path: Path) -> None:
    try:
        draw(Value(1.0)).pipe("svg")
    except NoRenderer as error:
        pytest.skip(str(error))
    found = run("--check", path.stem)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("print('new')", '+      "new\\n"'),
        ("import sys\nprint('oh', file=sys.stderr)", "cell 0 wrote to stderr: oh"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_difference_and_an_error_are_found(source: str, told: str, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook, path)
    before = path.read_bytes()
    found = run("--check", str(path.with_suffix("")))
    assert found.returncode == 1
    assert told in found.stdout + found.stderr
    assert path.read_bytes() == before
