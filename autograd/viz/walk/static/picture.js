// The graph: Graphviz's picture, in which a walk shows. What moves and what is tagged lies on a sheet
// of its own above it, as a browser lays a whole picture out again for every change in it.
import { create, isOdd, svgElement } from "./elements.js";
import { latest, phaseAt } from "./reading.js";

const POINT = 4 / 3, FONT = 11 * POINT, SMALLEST = 12; // in pixels; the picture's texts
const STATIONS = 48; // points of an edge, between which a dot is never seen
export const TRAVEL = 650; // milliseconds of a number along an edge
const KEPT = [ // what a copy of the picture takes from the page's style
  "fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "visibility",
  "font-family", "font-size", "font-weight", "text-anchor",
];

// Where a text may stand beside a point, the nearest first.
const AROUND = [];
for (let across = -120; across <= 120; across += 10)
  for (let down = -70; down <= 70; down += 7) AROUND.push([across, down]);
AROUND.sort(([a, b], [c, d]) => Math.hypot(a, 1.5 * b) - Math.hypot(c, 1.5 * d));

/** The picture in the element `graph`, which shows `data` once they are loaded. */
export function createPicture(graph) {
  const ways = new WeakMap(); // points of each edge: asked for later, all would be laid out again
  let data = null, places = [], boxes = [];
  let sheet = null; // for dots and tags
  let layers = []; // the picture, and the sheet above it
  /** @type {"readable" | "whole" | number} as there is room for, yet to be read; all of it; or pixels */
  let wide = "readable";

  /** The element of a node's box. */
  const place = (i) => places[i];
  /** Which node's box, or band, an element belongs to, −1 for none. */
  function at(element) {
    const box = element.closest(".node"), band = element.closest(".cluster");
    if (band) return data.nodes.findIndex(({ id }) => `${id}-band` === band.id);
    return box ? places.indexOf(box) : -1;
  }

  function load(changed) {
    const drawn = data && data.svg === changed.svg;
    data = changed;
    if (drawn) return; // an edit changes numbers alone
    graph.innerHTML = data.svg || "";
    const picture = graph.querySelector("svg");
    sheet = null;
    places = data.nodes.map((node) => node.id && graph.querySelector(`#${CSS.escape(node.id)}`));
    if (!picture) return graph.append(create("p", { class: "note" }, data.note));
    const over = svgElement("svg", { class: "sheet", viewBox: picture.getAttribute("viewBox") });
    sheet = svgElement("g", { transform: picture.querySelector("g").getAttribute("transform") ?? "" });
    over.append(sheet);
    graph.append(over);
    layers = [picture, over];
    for (const layer of layers) {
      layer.setAttribute("aria-hidden", "true");
      layer.removeAttribute("height");
    }
    fit();
    data.nodes.forEach(markTexts);
    boxes = [...graph.querySelectorAll(".node, .cluster text")].map((node) => node.getBBox());
    graph.querySelectorAll(".edge").forEach((edge) => { turnable(edge); told(edge); });
  }

  /** Larger or smaller by a factor; by null all of it, or as large as can be read, in turn. */
  function zoom(by) {
    if (by !== null) wide = Math.min(Math.max((layers[0]?.getBoundingClientRect().width ?? 0) * by, 100), 20000);
    else wide = wide === "whole" ? "readable" : "whole";
    fit();
  }

  function fit() {
    const fixed = typeof wide === "number" ? `${wide}px` : null;
    const least = wide === "readable" ? (SMALLEST / FONT) * POINT : 0; // else it scrolls
    for (const { style, viewBox: { baseVal: { width, height } } } of layers) Object.assign(style, {
      width: fixed ?? "100%",
      maxWidth: fixed ?? `${POINT * width}px`,
      maxHeight: fixed ? "none" : "100%",
      minWidth: `${least * width}px`,
      minHeight: `${least * height}px`,
    });
  }

  // Tells apart what a box says, so that its numbers show when they are known: the gradient has a
  // colour of its own, and what is neither title nor operation belongs to the value.
  function markTexts(node, i) {
    for (const text of places[i]?.querySelectorAll("text") ?? []) {
      if (text.getAttribute("fill") === "var(--slope)") {
        text.classList.add("slope");
        text.dataset.before = text.textContent.replace(node.history.at(-1)[1], "");
      } else if (!text.hasAttribute("font-weight") && text.textContent !== node.operation)
        text.classList.add("figure");
    }
  }

  /** Step `k`; `moving`: as the one after that before; `stops`: the nodes at which playing stops. */
  function show(k, { moving, stops }) {
    const current = data.steps[k], back = phaseAt(data, k) === "backward";
    const touched = new Set(
      back ? current.lines.map((line) => line.to)
        : data.nodes[current.node].operands.filter((x) => typeof x === "number"),
    );
    data.nodes.forEach((node, i) => {
      const box = places[i];
      if (!box) return;
      const gradient = latest(node, k);
      box.classList.toggle("lit", i === current.node);
      box.classList.toggle("touched", touched.has(i) && i !== current.node);
      box.classList.toggle("waiting", i > k);
      box.classList.toggle("stop", stops.has(i));
      box.classList.toggle("reached", gradient !== null);
      box.classList.toggle("odd", i <= k && isOdd(node.value) || isOdd(gradient));
      const figures = box.querySelectorAll(".figure");
      if (figures.length === 1 && typeof node.value === "string") say(figures[0], node.value);
      const slope = box.querySelector(".slope");
      if (slope && typeof gradient === "string") say(slope, slope.dataset.before + gradient);
    });
    if (!sheet) return;
    const here = data.nodes[current.node].id;
    const others = new Set([...touched].map((i) => data.nodes[i].id));
    sheet.replaceChildren();
    for (const edge of graph.querySelectorAll(".edge")) {
      const [from, to] = edge.dataset.ends.split(" ");
      const active = to === here && others.has(from);
      edge.classList.toggle("active", active);
      if (active && moving) travel(edge, back);
      if (active && back)
        for (const line of current.lines.filter((line) => data.nodes[line.to].id === from)) tag(edge, line, k);
    }
  }

  // Texts that stay are left alone: the browser would lay out the whole picture again.
  function say(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  // Lets an edge point backward, too: an arrowhead at its other end, and a line up to where the
  // first one ends. Which of them shows is a matter of the page's CSS.
  function turnable(edge) {
    const path = edge.querySelector("path"), head = edge.querySelector("polygon");
    if (!path || !head) return;
    head.classList.add("ahead");
    const length = path.getTotalLength();
    const start = path.getPointAtLength(0), near = path.getPointAtLength(6);
    const end = path.getPointAtLength(length);
    ways.set(edge, Array.from({ length: STATIONS + 1 }, (_, i) =>
      path.getPointAtLength((length * i) / STATIONS)));
    const tip = [...head.points].reduce((a, b) =>
      (Math.hypot(a.x - end.x, a.y - end.y) > Math.hypot(b.x - end.x, b.y - end.y) ? a : b));
    const [x, y] = [(near.x - start.x) / 6, (near.y - start.y) / 6];
    const corner = (along, aside) => `${start.x + along * x - aside * y},${start.y + along * y + aside * x}`;
    edge.append(
      svgElement("polygon", { class: "back", points: [corner(0, 0), corner(6, 2.1), corner(6, -2.1)].join(" ") }),
      svgElement("path", { class: "back", d: `M${end.x},${end.y}L${tip.x},${tip.y}` }),
    );
  }

  // Under the pointer an edge says by which rule a gradient runs back along it.
  function told(edge) {
    const [from, to] = edge.dataset.ends.split(" ");
    const lines = data.steps.slice(data.nodes.length)
      .filter(({ node }) => data.nodes[node].id === to)
      .flatMap(({ lines }) => lines.filter((line) => data.nodes[line.to].id === from));
    const texts = lines.map(({ name, sides: [symbols] }) => `${name} += ${symbols}`);
    if (texts.length) edge.append(svgElement("title", {}, texts.join("\n")));
  }

  // A dot runs along the edge; what it brings shows once it is there (`.arriving`).
  function travel(edge, back) {
    const stations = ways.get(edge);
    const dot = svgElement("circle", { class: "dot", r: 4 });
    sheet.append(dot);
    const began = performance.now();
    const frame = (now) => {
      const share = Math.min(1, (now - began) / TRAVEL);
      const eased = share < 0.5 ? 2 * share * share : 1 - 2 * (1 - share) ** 2;
      const at = stations[Math.round(STATIONS * (back ? 1 - eased : eased))];
      dot.setAttribute("cx", at.x);
      dot.setAttribute("cy", at.y);
      if (share < 1 && dot.isConnected) requestAnimationFrame(frame);
      else dot.remove();
    };
    frame(began);
  }

  // What an edge carries: × local derivative → contribution.
  function tag(edge, line, k) {
    const result = line.result ?? latest(data.nodes[line.to], k);
    if (typeof result !== "string" || line.local === undefined) return;
    const at = ways.get(edge)[STATIONS / 2];
    const text = svgElement("text", { "text-anchor": "middle" });
    text.append(svgElement("tspan", { class: "local" }, `× ${line.local}`), ` → ${result}`);
    const group = svgElement("g", { class: "tag arriving" });
    group.append(text);
    sheet.append(group);
    const own = text.getBBox(); // around 0, 0
    const tags = [...sheet.querySelectorAll(".tag rect")].map((element) => element.getBBox());
    const [x, y] = freePlace(at, own, [...boxes, ...tags]);
    text.setAttribute("x", x);
    text.setAttribute("y", y);
    const around = { x: own.x + x - 4, y: own.y + y - 1, width: own.width + 8, height: own.height + 2 };
    group.prepend(svgElement("rect", { ...around, rx: 6 }));
  }

  // The place nearest to `at` where a text covers no box; above `at` where there is none.
  function freePlace(at, own, taken) {
    const margin = 5;
    const covers = (x, y) => taken.some((box) =>
      x + own.x - margin < box.x + box.width && box.x < x + own.x + own.width + margin &&
      y + own.y - margin < box.y + box.height && box.y < y + own.y + own.height + margin);
    const free = AROUND.find(([across, down]) => !covers(at.x + across, at.y + down));
    const [across, down] = free ?? [0, -6];
    return [at.x + across, at.y + down];
  }

  /** The step's picture as a file of its own, which needs no style from outside. */
  function standalone() {
    const picture = graph.querySelector("svg");
    if (!picture) return null;
    const copy = picture.cloneNode(true);
    copy.append(sheet.cloneNode(true));
    const shown = [picture, ...picture.querySelectorAll("*"), sheet, ...sheet.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((element, i) => {
      const style = getComputedStyle(shown[i]);
      for (const name of ["class", "fill", "stroke"]) element.removeAttribute(name);
      element.setAttribute("style", KEPT.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
    });
    const [, , width, height] = picture.getAttribute("viewBox").split(" ").map(Number);
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    copy.setAttribute("width", `${width}pt`);
    copy.setAttribute("height", `${height}pt`);
    copy.style.background = getComputedStyle(graph.parentElement.parentElement).backgroundColor;
    return new XMLSerializer().serializeToString(copy);
  }

  return { load, show, place, at, zoom, standalone };
}
