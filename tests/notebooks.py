"""Run the notebooks and keep their outputs: `python -m tests.notebooks [--check] [name ...]`.

Without `--check` the outputs are written into the files; with it they are compared, byte for byte,
and nothing is written. A cell that fails, or that writes to stderr, fails the run.

Pictures depend on the version of Graphviz, which a notebook's metadata names: where another one is
installed, everything but the pictures is compared.
"""

from __future__ import annotations

import argparse
import difflib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
PICTURES = ("image/svg+xml", "image/png", "text/html")


def renderer() -> str:
    """The version of the program that draws graphs."""
    try:
        told = subprocess.run(["dot", "-V"], capture_output=True, text=True, check=True)
    except FileNotFoundError:
        return "none"
    return told.stderr.strip()


def executed(path: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run in a fresh kernel, and nothing of where and when."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = {
        "graphviz": renderer(),
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in notebook.cells:
        cell.metadata = {}
    client = NotebookClient(
        notebook,
        timeout=300,
        record_timing=False,
        coalesce_streams=True,
        store_widget_state=False,
        resources={"metadata": {"path": str(ROOT)}},
    )
    with tempfile.TemporaryDirectory() as empty:  # instead of somebody's own settings
        client.execute(env={**os.environ, "IPYTHONDIR": empty, "PYTHONHASHSEED": "0"})
    for number, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                raise RuntimeError(f"{path.name}, cell {number} wrote to stderr: {output.text}")
    notebook.metadata.language_info = {"name": "python"}  # the run adds the version
    return notebook


def text(notebook: nbformat.NotebookNode) -> str:
    return nbformat.writes(notebook) + "\n"


def without_pictures(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    notebook.metadata.pop("graphviz", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            for kind in PICTURES:
                output.get("data", {}).pop(kind, None)
    return notebook


def difference(path: Path) -> str:
    """Where a run differs from the file, as a diff; empty where it does not."""
    old, new = nbformat.read(path, as_version=4), executed(path)
    if old.metadata.get("graphviz") != new.metadata["graphviz"]:
        before, after = text(without_pictures(old)), text(without_pictures(new))
    else:
        before, after = path.read_text(encoding="utf-8"), text(new)
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "committed", "run", n=1)
    return "\n".join(line[:200] for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    parser.add_argument("names", nargs="*", help="such as 01-backprop; all where none is given")
    given = parser.parse_args()
    paths = [FOLDER / f"{name}.ipynb" for name in given.names] or sorted(FOLDER.glob("*.ipynb"))
    failed = False
    for path in paths:
        if given.check:
            found = difference(path)
            failed |= bool(found)
            print(f"{path.name}: {found or 'the same'}")
        else:
            path.write_text(text(executed(path)), encoding="utf-8")
            print(f"{path.name}: written")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
