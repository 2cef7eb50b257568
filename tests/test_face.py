"""The public face: light to import, clean to look at, aware of its old names and its namesake."""

from __future__ import annotations

import builtins
import importlib
import subprocess
import sys

import pytest

import autograd

LAZY = ("errors", "tape", "testing", "viz")


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


def test_the_face_shows_what_users_call_and_nothing_else():
    shown = {name for name in dir(autograd) if not name.startswith("__")}
    assert shown == {*autograd.__all__, "abs", "max", "min", "pow", "sum", *LAZY}
    assert all(getattr(autograd, name) is not None for name in shown)
    assert {"os", "warnings", "core", "table", "TYPE_CHECKING", "Any"}.isdisjoint(shown)


def test_a_star_import_hides_no_builtin():
    names: dict[str, object] = {}
    exec("from autograd import *", names)
    names.pop("__builtins__")
    assert not {*names} & {*dir(builtins)}
    assert {"Value", "Tensor", "grad", "exp"} <= {*names}


@pytest.mark.parametrize("part", LAZY)
def test_the_parts_are_reachable_and_load_when_asked_for(part):
    code = (
        f"import sys, autograd; assert 'autograd.{part}' not in sys.modules or {part == 'errors'}; "
        f"autograd.{part}; assert 'autograd.{part}' in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        (autograd, "evaluate", "recompute"),
        (autograd, "step", "heaviside"),
        (autograd.tape, "draw", "sample"),
        (autograd.viz, "Verdict", "Judgement"),
    ],
)
def test_an_old_name_works_and_warns(module, old, new):
    with pytest.warns(DeprecationWarning, match=f"{old} is now .*{new}"):
        assert getattr(module, old) is getattr(module, new)


def test_a_name_that_is_not_there_says_so():
    with pytest.raises(AttributeError, match="module 'autograd' has no attribute 'no_such_thing'"):
        autograd.no_such_thing  # noqa: B018
