"""The page's script by itself, without a browser: its types, and what it says of numbers."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from autograd.viz.walk.page import STATIC, joined

MODULES = sorted(STATIC.glob("*.js"))
CHECKS = (
    "--noEmit --allowJs --checkJs --strict --noImplicitAny false --noUnusedLocals "
    "--noUnusedParameters --noImplicitReturns --noFallthroughCasesInSwitch "
    "--target es2022 --module es2022 --lib es2022,dom,dom.iterable"
)


def needs(program: str) -> str:
    return shutil.which(program) or pytest.skip(f"{program} is not installed")


def evaluated(module: str, expression: str) -> Any:
    """What `expression` is, over the names that a module exports."""
    program = f"import * as it from {json.dumps((STATIC / module).as_uri())};"
    program += f"console.log(JSON.stringify({expression}));"
    command = [needs("node"), "--no-warnings", "--input-type=module", "--eval", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_types() -> None:
    command = [needs("tsc"), *CHECKS.split(), *map(str, MODULES)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_modules_joined_import_nothing_and_keep_their_code() -> None:
    names = ("elements.js", "reading.js", "mathematics.js", "picture.js", "stepper.js")
    script = joined(*names)
    assert "import " not in script and "/**" not in script.replace("/** @type", "")
    for name in ("mount", "createPicture", "mathematics", "numberOf", "latest"):
        assert script.count(f"export function {name}(") == 1


@pytest.fixture
def as_module(tmp_path, monkeypatch) -> None:
    """Node takes a file for a module where a package.json beside it says so."""
    for path in MODULES:
        shutil.copy(path, tmp_path / path.name)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    monkeypatch.setattr("tests.viz.test_script.STATIC", tmp_path)


@pytest.mark.usefixtures("as_module")
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.5", 0.5),
        ("1,5", 1.5),
        ("−2e-3", -0.002),
        (" 1/3 ", 1 / 3),
        ("-pi/2", -1.5707963267948966),
        (".5", 0.5),
        ("", None),
        ("1/2/3", None),
        ("alert(1)", None),
        ("0x10", None),
        ("1,5,2", None),
    ],
)
def test_numbers_that_people_type(text, number) -> None:
    assert evaluated("elements.js", f"it.numberOf({json.dumps(text)})") == number


@pytest.mark.usefixtures("as_module")
@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("−0.5 × (1 − 0.2 × 3)", "minus 0.5 times the quantity 1 minus 0.2 times 3"),
        ("tanh(v2)", "tanh of v2"),
        ("√(x) × (−0.46)", "the root of x, times minus 0.46"),
        ("0.037 × 0.664 × 0.336", "0.037 times 0.664 times 0.336"),
        ("a / (b × c) + 1", "a divided by the quantity b times c, plus 1"),
    ],
)
def test_formulas_as_they_are_heard(text, heard) -> None:
    assert evaluated("mathematics.js", f"it.spoken({json.dumps(text)})") == heard


@pytest.mark.usefixtures("as_module")
def test_what_is_known_at_a_step() -> None:
    node = {"history": [[3, "1"], [5, "inf"]], "value": "2", "operands": []}
    told = f"[2, 3, 4, 9].map((k) => it.latest({json.dumps(node)}, k))"
    assert evaluated("reading.js", told) == [None, "1", "1", "inf"]
