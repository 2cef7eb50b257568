"""The colours of drawings."""

from __future__ import annotations

from typing import NamedTuple

# DejaVu Sans and Verdana are equally wide: what one lays out, the other fills without overflow.
FONT = "DejaVu Sans,Verdana,sans-serif"

# What a box stands for: its fill and its border.
Style = tuple[str, str]


class Theme(NamedTuple):
    """Colours as `#rrggbb`; `styles` has one for every kind of box."""

    background: str
    ink: str  # the text in boxes
    muted: str  # shapes and other asides
    gradient: str  # the text of gradients
    edge: str  # edges, and the text outside of boxes
    cluster: str  # the border of clusters
    styles: dict[str, Style]
    heat: tuple[str, str]  # fills for the smallest and the largest gradient


LIGHT = Theme(
    background="#ffffff",
    ink="#1b2330",
    muted="#434c59",
    gradient="#8f2600",
    edge="#5d6878",
    cluster="#838f9e",
    styles={
        "leaf": ("#dcebff", "#3b73b9"),
        "constant": ("#ffffff", "#8a94a3"),
        "result": ("#f6f3ec", "#8b8372"),
        "group": ("#e9e4f7", "#7a64b5"),
    },
    heat=("#fffdf5", "#ffb46e"),
)
DARK = Theme(
    background="#161b22",
    ink="#eef2f7",
    muted="#bcc6d3",
    gradient="#ffc09c",
    edge="#9aa7b8",
    cluster="#6b798c",
    styles={
        "leaf": ("#1d3a5f", "#6fa8e8"),
        "constant": ("#161b22", "#7d8a9b"),
        "result": ("#2b2f36", "#8d97a5"),
        "group": ("#352b55", "#a591e0"),
    },
    heat=("#23262c", "#7d3a0e"),
)
# Light boxes on whatever lies behind, and lines that can be seen on white and on black.
AUTO = LIGHT._replace(background="transparent", edge="#758294", cluster="#758294")

THEMES = {"light": LIGHT, "dark": DARK, "auto": AUTO}


def mixed(low: str, high: str, share: float) -> str:
    """The colour at `share` of the way from `low` to `high`.

    >>> mixed("#000000", "#ffffff", 0.5)
    '#808080'
    """
    parts = [(int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)
