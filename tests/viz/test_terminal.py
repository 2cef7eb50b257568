"""The stepper in a terminal: key by key in a pseudo-terminal, all at once without one."""

from __future__ import annotations

import io
import os
import re
import select
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from autograd import Value
from autograd.viz import Stepper
from autograd.viz.walk import terminal

EXPRESSION = ["tanh(a*b + c)", "a=2", "b=-3", "c=10"]


def example() -> Value:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    e = (a * b).tanh()
    e.label = "e"
    return e


def test_without_a_terminal_every_step_is_printed() -> None:
    out = io.StringIO()
    terminal.run(example(), io.StringIO(), out)
    assert out.getvalue() == "".join(f"{moment}\n" for moment in Stepper(example()))


def test_the_command(capsys: Any) -> None:
    command = [sys.executable, "-m", "autograd", "step", *EXPRESSION]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    assert "0/11 forward: a\n  a = 2\n" in done.stdout
    assert "∂f/∂a += ∂f/∂v1 × b = 0.00134095 × (−3) = −0.00402285" in done.stdout
    assert "\x1b" not in done.stdout


class Screen:
    """A pseudo-terminal with a person: presses keys, and reads what is on the screen."""

    def __init__(self, root: Value) -> None:
        pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
        self.mine, theirs = pty.openpty()
        self.stdin = os.fdopen(os.dup(theirs), encoding="utf-8")
        self.stdout = os.fdopen(theirs, "w", encoding="utf-8")
        self.text = ""
        self.thread = threading.Thread(target=terminal.run, args=(root, self.stdin, self.stdout))
        self.thread.start()

    def see(self, *texts: str) -> None:
        """Wait until all of `texts` stand on the screen."""
        while True:
            screen = re.sub(r"\x1b\[[\d;]*m", "", self.text.rpartition("\x1b[2J")[2])
            if all(text in screen for text in texts):
                return
            assert select.select([self.mine], [], [], 10)[0], f"{texts} not on the screen: {screen}"
            self.text += os.read(self.mine, 4096).decode(errors="replace")

    def press(self, keys: str) -> None:
        os.write(self.mine, keys.encode())

    def quit(self) -> None:
        os.write(self.mine, b"q")
        self.thread.join(10)
        assert not self.thread.is_alive()
        for file in (self.stdin, self.stdout):
            file.close()
        os.close(self.mine)


@pytest.mark.parametrize("rich", [True, False])
def test_keys(rich: bool, monkeypatch: Any) -> None:
    if rich:
        pytest.importorskip("rich")
    else:
        monkeypatch.setitem(sys.modules, "rich.console", None)
    screen = Screen(example())
    screen.see("0/7 forward: a", "  a = 2", "▶", terminal.HELP)
    for keys, shown in [
        ("n", "1/7 forward: b"),
        ("n", "  v1 = a × b = 2 × (−3) = −6"),
        ("b", "  b = −3"),
        ("\x1b[C", "2/7 forward: v1"),
        ("xnn", "4/7 backward: e"),  # no key of ours
        ("\x1b[D", "3/7 forward: e"),
        ("g0\n", "0/7 forward: a"),
        ("gop == 'mul' and grad < 1\n", "5/7 backward: v1"),
        ("g\nn", "6/7 backward: b"),  # nowhere, and one step on
        ("g45\x7f\n", "4/7 backward: e"),  # corrected
        ("g99\n", "the positions are 0 to 7, got 99"),
        ("ga >\n", "'a >' is no condition"),
        ("ga\n", "7/7 backward: a"),
    ]:
        screen.press(keys)
        screen.see(shown)
    screen.quit()


@pytest.fixture
def typed(monkeypatch: Any) -> Any:
    """Run the stepper on keys that lie ready; what was shown at last."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    termios = pytest.importorskip("termios")
    mine, theirs = pty.openpty()

    def run(read: Any) -> str:
        monkeypatch.setattr(terminal, "os", SimpleNamespace(read=read))
        mode = termios.tcgetattr(theirs)
        out = Terminal()
        terminal.run(example(), SimpleNamespace(isatty=lambda: True, fileno=lambda: theirs), out)
        assert termios.tcgetattr(theirs) == mode, "the terminal is left as it was"
        return out.getvalue().rpartition("\x1b[2J")[2]

    yield run
    os.close(mine)
    os.close(theirs)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_ctrl_c_ends_it_quietly(typed: Any) -> None:
    def interrupted(*given: Any) -> bytes:
        raise KeyboardInterrupt

    assert "0/7 forward: a" in typed(interrupted)


@pytest.mark.parametrize(
    ("keys", "shown"), [(b"nn", "2/7 forward: v1"), (b"g4", "4/7 backward: e")]
)
def test_it_ends_with_its_input_even_within_a_line(typed: Any, keys: bytes, shown: str) -> None:
    chunks = iter([keys, b""])
    assert shown in typed(lambda *given: next(chunks))


def test_on_windows_keys_come_from_its_own_module(monkeypatch: Any) -> None:
    pressed = iter("nnb\x03n")
    monkeypatch.setattr(terminal, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(getwch=lambda: next(pressed)))
    out = Terminal()
    terminal.run(example(), Terminal(), out)
    assert "1/7 forward: b" in out.getvalue().rpartition("\x1b[2J")[2]
    assert list(pressed) == ["n"], "Ctrl+C ended it"


def test_a_condition_that_is_never_true_says_so() -> None:
    stepper = Stepper(example())
    stepper.goto(2)
    assert terminal.go(stepper, "value > 100") == "no step after 2 fulfils 'value > 100'"
    assert stepper.position == 2
    assert terminal.go(stepper, "e") == "" and stepper.now.name == "e"


def test_it_fits_a_small_terminal(monkeypatch: Any) -> None:
    monkeypatch.setattr(terminal, "get_terminal_size", lambda _: os.terminal_size((40, 16)))
    root: Any = example()
    for i in range(20):
        root = root * Value(0.123456789, label=f"a rather long label {i}")
    stepper = Stepper(root)
    for target in (0, 20, -1):
        stepper.goto(target)
        for problem in ("", "a long complaint about a condition that is never true at all"):
            out = io.StringIO()
            out.fileno = lambda: 1  # type: ignore[method-assign]
            terminal.show(stepper, out, problem)
            screen = re.sub(r"\x1b\[[\d;]*[mHJ]", "", out.getvalue())
            lines = screen.rstrip("\n").split("\n")
            assert len(lines) <= 16 and max(map(len, lines)) <= 40
