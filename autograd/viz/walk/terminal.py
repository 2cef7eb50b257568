"""A stepper in a terminal: one key, one step. Coloured where `rich` is installed."""

import os
import re
import sys
import textwrap
from collections.abc import Generator, Iterator
from os import get_terminal_size, terminal_size
from typing import TextIO

from autograd import Node
from autograd.viz.text import number_text, one_line, operation_text
from autograd.viz.walk.stepper import Stepper
from autograd.viz.walk.timeline import FORWARD

HELP = "n next   b back   g go to a step, a label or a condition   q quit"
NEXT, BACK = ("n", " ", "\n", "\r", "\x1b[C"), ("b", "\x7f", "\x1b[D")
QUIT = ("q", "\x04")
ROWS = 15  # of the table, around the current node, where the terminal is high enough
HEAD, HERE = ("", "node", "operation", "value", "gradient"), "▶"


def run(root: Node, stdin: TextIO | None = None, stdout: TextIO | None = None) -> None:
    """Step through the graph of `root`, key by key; all steps at once where no terminal listens.

    >>> from autograd import Value
    >>> run(Value(2.0, label="a") * 3.0, stdout=sys.stdout)
    0/3 forward: a
      a = 2
    1/3 forward: v1
      v1 = a × 3 = 2 × 3 = 6
    2/3 backward: v1
      ∂v1/∂v1 = 1
      ∂v1/∂a += ∂v1/∂v1 × 3 = 1 × 3 = 3
    3/3 backward: a
      ∂v1/∂a = 3
    """
    stdin, stdout = stdin or sys.stdin, stdout or sys.stdout
    stepper = Stepper(root)
    if not (stdin.isatty() and stdout.isatty()):
        for moment in stepper:
            print(moment, file=stdout)
        return
    show(stepper, stdout)
    pressed = keys(stdin)
    for key in pressed:
        problem = ""
        if key in NEXT:
            stepper.next()
        elif key in BACK:
            stepper.back()
        elif key == "g":
            problem = go(stepper, typed_line(pressed, stdout))
        elif key in QUIT:
            break
        show(stepper, stdout, problem)
    pressed.close()


def keys(stdin: TextIO) -> Generator[str, None, None]:
    """The keys as they are pressed, without Enter; an arrow's three characters are one key."""
    if sys.platform == "win32":
        import msvcrt

        yield from iter(msvcrt.getwch, "\x03")
    else:
        import termios
        import tty

        descriptor = stdin.fileno()
        mode = termios.tcgetattr(descriptor)
        try:
            tty.setcbreak(descriptor, termios.TCSADRAIN)  # keeps what was typed ahead
            while typed := os.read(descriptor, 64).decode(errors="replace"):
                yield from re.findall(r"\x1b\[.|.", typed, flags=re.DOTALL)
        except KeyboardInterrupt:
            return
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)


def typed_line(pressed: Iterator[str], stdout: TextIO) -> str:
    """A line of keys, shown as it is typed."""
    text = ""
    print("go to: ", end="", file=stdout, flush=True)
    for key in pressed:
        if key in "\r\n":
            break
        text = text[:-1] if key in "\x7f\b" else text + key
        print(f"\r\x1b[Kgo to: {text}", end="", file=stdout, flush=True)
    return text.strip()


def go(stepper: Stepper, target: str) -> str:
    """Go to a position, or run to a label or condition. Returns what was wrong with it."""
    try:
        if target.lstrip("-").isdigit():
            stepper.goto(int(target))
        elif target:
            before = stepper.position
            if not stepper.test_of(target)(stepper.run_until(target)):
                stepper.goto(before)
                return f"no step after {before} fulfils {target!r}"
    except (ValueError, IndexError) as error:
        return str(error)
    return ""


def table(stepper: Stepper, height: int = ROWS) -> list[tuple[str, ...]]:
    """The nodes around the current one: mark, name, operation, value and gradient so far."""
    here = next(i for i, node in enumerate(stepper.nodes) if node is stepper.now.node)
    first = max(0, min(here - height // 2, len(stepper.nodes) - height))
    rows: list[tuple[str, ...]] = []
    for i, node in enumerate(stepper.nodes[first : first + height], start=first):
        value, gradient = stepper.value(node), stepper.gradient(node)
        known = number_text(value) if i <= stepper.position else "·"
        so_far = "·" if gradient is None else number_text(gradient)
        operation = one_line(operation_text(node)) or "leaf"
        rows.append((HERE if i == here else " ", stepper.names[node], operation, known, so_far))
    return rows


def show(stepper: Stepper, stdout: TextIO, problem: str = "") -> None:
    """The current moment on a cleared screen."""
    width, height = _size(stdout)
    said = textwrap.wrap(problem or HELP, width) or [""]
    moment = str(stepper.now).splitlines()[: max(1, height - len(said) - 4)]
    rows = [HEAD, *table(stepper, max(1, min(ROWS, height - len(moment) - len(said) - 3)))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)) for row in rows]
    styles = ["now", *[""] * (len(moment) - 1), "", "dim"]
    styles += ["now" if row[0] == HERE else "" for row in rows[1:]]
    styles += ["", *["red" if problem else "dim"] * len(said)]
    shown = [one_line(line, width) for line in (*moment, "", *lines, "", *said)]
    print("\x1b[2J\x1b[H", end="", file=stdout)
    print_lines(list(zip(shown, styles, strict=True)), stepper.now.phase, stdout)


def _size(stdout: TextIO) -> tuple[int, int]:
    """How many characters and lines the terminal has, less a margin of one."""
    try:
        size = get_terminal_size(stdout.fileno())
    except (OSError, ValueError):
        size = terminal_size((0, 0))
    return (size.columns or 80) - 1, (size.lines or 24) - 1


def print_lines(lines: list[tuple[str, str]], phase: str, stdout: TextIO) -> None:
    """The lines, in colour where `rich` is installed."""
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        print("\n".join(line for line, _ in lines), file=stdout, flush=True)
        return
    now = "bold cyan" if phase == FORWARD else "bold dark_orange"
    console = Console(file=stdout, highlight=False, soft_wrap=True)
    for line, style in lines:
        console.print(Text(line, style=now if style == "now" else style))
