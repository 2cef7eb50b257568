"""Pyright and mypy know the types of what a user writes, and find what is misspelt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAMS = (HERE / "engine.py", HERE / "networks.py")
MISTAKES = (
    "import autograd\nautograd.no_such_thing",
    "from autograd import Value\nValue(2.0).backwardd()",
    "from autograd import Value\nValue(2.0).labell",
    "from autograd import Tensor, grad\ngrad(Tensor([1.0]).sum(), 'x')",
    "from autograd import Tensor\nTensor([1.0]).sum(axiss=0)",
    "from autograd import Value\nx: str = Value(1.0) * 2",
    "import nets\nnets.no_such_layer",
    "import numpy as np\nimport nets\nnets.Linear(2, 3, rng=np.random.default_rng()).weigth",
    "import nets\nnets.cross_entropyy",
    "import nets\nnets.SGD([1.0], lr=0.1)",
    "from autograd.testing import check_grads\ncheck_grads(lambda x: 1.0, 2.0)",
)


def errors(checker: str, *files: Path) -> str:
    """What a type checker finds wrong; empty if nothing."""
    options = ["--strict", "--follow-imports=silent"] if checker == "mypy" else []
    command = [sys.executable, "-m", checker, *options, *map(str, files)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parents[1])
    assert run.returncode in (0, 1), run.stdout + run.stderr
    return run.stdout if run.returncode else ""


@pytest.fixture(params=["mypy", "pyright"])
def checker(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    pytest.importorskip(name, reason="type checkers come with the extra `lint`")
    return name


def test_a_user_s_programs_have_the_types_they_should(checker: str) -> None:
    assert errors(checker, *PROGRAMS) == ""


def test_what_is_misspelt_is_found(checker: str, tmp_path: Path) -> None:
    files = [tmp_path / f"mistake_{i}.py" for i in range(len(MISTAKES))]
    for file, source in zip(files, MISTAKES, strict=True):
        file.write_text(source + "\n")
    found = errors(checker, *files)
    assert [file.read_text() for file in files if file.name not in found] == []
