"""A stepper as one animated SVG: CSS keyframes and no script, so that it plays inside `<img>`."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from autograd.errors import NoRenderer
from autograd.viz.picture.dot import DARK, LIGHT
from autograd.viz.walk.page import colours, page_data
from autograd.viz.walk.timeline import BACKWARD, Moment, Timeline

MOST = 60  # nodes; a larger film would be long, and large
HOLD = 2.5  # steps for which the end stands still
LINE = 17  # points from one line of mathematics to the next
Span = tuple[float, float]  # steps from, and up to, which something shows

STYLE = """
text{font-family:"DejaVu Sans",Verdana,sans-serif;fill:var(--ink)}
text:not([font-size]){font-size:11px}
text[fill]{fill:var(--back)}text[font-weight]{font-weight:bold}
.edge path{fill:none}.edge path,.edge polygon{stroke:var(--edge)}.edge polygon{fill:var(--edge)}
.lit{fill:none;stroke:var(--on);stroke-width:2.5}.lit.b{stroke:var(--back)}
.line text{font-size:13px;text-anchor:middle}.line.b text{fill:var(--back)}
.on path,.on polygon{stroke:var(--on);stroke-width:2}.on polygon{fill:var(--on)}
.on.b path,.on.b polygon{stroke:var(--back)}.on.b polygon{fill:var(--back)}
"""
OWN = {
    "on": ("#1d5fb0", "#7fb6f8"),
    "back": ("#b3470b", "#ff9f68"),
    "paper": ("#fbfaf7", "#11151b"),
}


def animation(stepper: Timeline, seconds: float) -> str:
    """Both passes as a film of so many seconds, which begins anew at its end.

    Raises:
        ValueError: the graph is too large, or the time is none.
        NoRenderer: there is no Graphviz to lay it out.
    """
    if not seconds > 0:
        raise ValueError(f"an animation lasts some seconds, got {seconds}; try 12")
    if len(stepper.nodes) > MOST:
        raise ValueError(
            f"an animation shows at most {MOST} nodes, got {len(stepper.nodes):,}; save the page "
            f"with .save(...), or animate a part"
        )
    data = page_data(stepper)
    if not data["svg"]:
        raise NoRenderer(data["note"])
    return _Film(data, list(map(_mathematics, stepper)), seconds).svg()


def _mathematics(moment: Moment) -> list[str]:
    """What is computed at a moment, as it says it; of a leaf its number, or its gradient."""
    lines = str(moment).splitlines()[1:]
    return [line.strip() for line in lines[1 if moment.phase == BACKWARD and lines[1:] else 0 :]]


class _Film:
    """The picture of a page, and the CSS that shows each of its parts at its time."""

    def __init__(
        self, data: dict[str, Any], mathematics: Sequence[Sequence[str]], seconds: float
    ) -> None:
        self.nodes, self.steps, self.picture = data["nodes"], data["steps"], data["svg"]
        self.name, self.mathematics, self.seconds = data["name"], mathematics, seconds
        self.length = len(self.steps) + HOLD
        self.rules: dict[str, str] = {}  # the class for each set of keyframes

    def shown(self, *spans: Span) -> str:
        """A class of what is to be seen in these spans alone."""
        ends = sorted({0.0, *(end for span in spans for end in span if end < self.length)})
        frames = ""
        for end in ends:
            seen = any(start <= end < stop for start, stop in spans)
            frames += f"{100 * end / self.length:.4g}%{{opacity:{int(seen)}}}"
        return self.rules.setdefault(frames, f"k{len(self.rules)}")

    def svg(self) -> str:
        picture = self._edges(self._boxes(self.picture))
        left, top, width, height = map(float, re.findall(r'viewBox="([^"]*)"', picture)[0].split())
        lines, rows = self._lines(width)
        inner = re.sub(r"^<svg[^>]*>|</svg>$", "", picture)
        inner = re.sub(r'<polygon [^>]*stroke="transparent"[^>]*/>', "", inner)
        tall = height + LINE * rows + 14
        scale = 4 / 3  # from points to pixels
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{left:g} {top:g} {width:g} {tall:g}"'
            f' width="{scale * width:.0f}" height="{scale * tall:.0f}" role="img">'
            f"<title>{html.escape(self.name)}: the forward and the backward pass, step by step"
            f"</title><style>{self._css()}</style>"
            f'<rect width="100%" height="100%" rx="8" fill="var(--paper)"/>{inner}'
            f'<g transform="translate({left + width / 2:g} {top + height + 12:g})">{lines}</g>'
            "</svg>\n"
        )

    def _css(self) -> str:
        pairs = dict(zip(colours(LIGHT).items(), colours(DARK).values(), strict=True))
        both = {name: (light, dark) for (name, light), dark in pairs.items()} | OWN
        light, dark = (
            ";".join(f"--{name}:{pair[i]}" for name, pair in both.items()) for i in (0, 1)
        )
        film = "".join(
            f"@keyframes {name}{{{frames}}}.{name}{{animation-name:{name}}}"
            for frames, name in self.rules.items()
        )
        names = ",".join(f".{name}" for name in self.rules.values())
        timing = f"{names}{{animation:{self.seconds:g}s step-end infinite}}" if names else ""
        end = self.seconds * (len(self.steps) - 0.5) / self.length
        return (
            f"svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}"
            + STYLE.replace("\n", "")
            + timing
            + film
            + f"@media(prefers-reduced-motion:reduce){{*{{animation-delay:-{end:.4g}s!important;"
            "animation-play-state:paused!important}}"
        )

    # --- the parts --------------------------------------------------------------------------

    def _boxes(self, picture: str) -> str:
        """Values from when they are computed, gradients as they add up, and a frame around it."""
        for i, node in enumerate(self.nodes):
            start = picture.index(f'<g id="{node["id"]}"')
            end = picture.index("</g>", start)
            box = picture[start:end]
            picture = picture[:start] + self._box(i, node, box) + picture[end:]
        return picture

    def _box(self, i: int, node: dict[str, Any], box: str) -> str:
        def text(found: re.Match[str]) -> str:
            whole, said = found[0], html.unescape(re.sub("<[^>]*>", "", found[0]))
            if 'fill="var(--slope)"' in whole:
                return self._sums(node["history"], whole)
            if "font-weight" in whole or said == node["operation"]:
                return whole
            return whole.replace("<text", f'<text class="{self.shown((i, self.length))}"', 1)

        box = re.sub("<text.*?</text>", text, box)
        outline = re.search(r'<rect [^>]*?(x="[^>]*?")(?: rx="\d+")?/>', box)
        assert outline is not None  # every box is one
        count, place = len(self.nodes), re.sub(r' ?(fill|stroke)="[^"]*"', "", outline[1])
        for back in (False, True):
            steps = [k for k, step in enumerate(self.steps) if step["node"] == i]
            spans = [(k, k + 1) for k in steps if (k >= count) == back]
            if spans:
                kind = f"lit{' b' if back else ''} {self.shown(*spans)}"
                box += f'<rect class="{kind}" {place} rx="6"/>'
        return box

    def _sums(self, history: Sequence[Sequence[Any]], text: str) -> str:
        """The text of a gradient, once for each sum on the way to it."""
        last = str(history[-1][1]) if history else ""
        starts = [k for k, _ in history]
        made = ""
        for (start, sum_), stop in zip(history, [*starts[1:], self.length], strict=True):
            now = text.replace(f"{last}</text>", f"{sum_}</text>")
            made += now.replace("<text", f'<text class="{self.shown((start, stop))}"', 1)
        return made

    def _edges(self, picture: str) -> str:
        """Each edge again in colour, for the steps in which something runs along it."""
        place = {node["id"]: i for i, node in enumerate(self.nodes)}
        count = len(self.nodes)

        def edge(found: re.Match[str]) -> str:
            tail, head = (place.get(end) for end in found[1].split())
            made = found[0]
            for back in (False, True):
                spans = [
                    (k, k + 1)
                    for k, step in enumerate(self.steps)
                    if step["node"] == head
                    and (k >= count) == back
                    and (not back or any(line["to"] == tail for line in step["lines"]))
                ]
                if spans:
                    kind = f"on{' b' if back else ''} {self.shown(*spans)}"
                    made += f'<g class="{kind}">{found[2]}</g>'
            return made

        return re.sub(r'<g class="edge" data-ends="([^"]*)">(.*?)</g>', edge, picture)

    def _lines(self, width: float) -> tuple[str, int]:
        """The mathematics of each step, and how many lines the longest has."""
        made, rows = "", 1
        for k, texts in enumerate(self.mathematics):
            rows = max(rows, len(texts))
            until = k + 1 if k + 1 < len(self.steps) else self.length
            kind = f"line{' b' if k >= len(self.nodes) else ''} {self.shown((k, until))}"
            room = f' textLength="{width - 16:.0f}" lengthAdjust="spacingAndGlyphs"'
            body = "".join(
                f'<text y="{LINE * row}"{room if 7.6 * len(text) > width - 16 else ""}>'
                f"{html.escape(text)}</text>"
                for row, text in enumerate(texts)
            )
            made += f'<g class="{kind}">{body}</g>'
        return made, rows
