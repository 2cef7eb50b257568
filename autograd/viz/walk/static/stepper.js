// The stepper as people see it. `mount` draws it below an element and touches nothing else;
// `render` adapts it to a widget's model. The same file serves pages, notebooks and widgets.
//
// `data` is what autograd/viz/page.py writes: the nodes with their numbers and the history of their
// gradients, the steps with their formulas, and the graph as SVG. What is known at a step is derived
// here as it is in Python: a gradient so far is the last entry of its history up to that step.

function create(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// A number is a text; an array has its `shape` and either `rows` of texts or a `summary`.
const parsed = (text) => Number(text.replaceAll("−", "-"));

const FONT = 11 * (4 / 3), SMALLEST = 12; // of the picture's texts, in pixels
const STATIONS = 48; // points of an edge, between which a dot is never seen
const TRAVEL = 650; // milliseconds of a number along an edge

// Where a text may stand beside a point, the nearest first.
const AROUND = [];
for (let across = -120; across <= 120; across += 10)
  for (let down = -70; down <= 70; down += 7) AROUND.push([across, down]);
AROUND.sort(([a, b], [c, d]) => Math.hypot(a, 1.5 * b) - Math.hypot(c, 1.5 * d));

const isOdd = (number) => typeof number === "string" && !Number.isFinite(parsed(number));

function heat(text, largest) {
  const x = parsed(text);
  if (!Number.isFinite(x)) return "var(--odd)";
  const share = Math.round(62 * Math.sqrt(Math.abs(x) / largest));
  return `color-mix(in srgb, var(${x < 0 ? "--negative" : "--positive"}) ${share}%, transparent)`;
}

function quantity(number, name, onCell) {
  if (typeof number === "string") {
    if (!onCell) return create("span", { class: "number" }, number);
    return editor(number, `Value of ${name}`, (text) => onCell(0, text));
  }
  if (!number.rows) return create("span", { class: "number" }, `${number.shape} ${number.summary}`);
  const numbers = number.rows.flat().map(parsed).filter(Number.isFinite).map(Math.abs);
  const largest = Math.max(...numbers, 0) || 1;
  const body = number.rows.map((row, i) =>
    create("tr", {}, ...row.map((text, j) => {
      const place = i * row.length + j;
      const cell = onCell
        ? editor(text, `Element ${place} of ${name}`, (changed) => onCell(place, changed))
        : text;
      return create("td", { style: `background:${heat(text, largest)}` }, cell);
    })),
  );
  return create(
    "table",
    { class: "array", "aria-label": `${name}, ${number.shape}` },
    create("tbody", {}, ...body),
  );
}

function editor(text, label, onChange) {
  return create("input", {
    class: "editor",
    value: text,
    size: Math.max(text.length, 3),
    inputmode: "text",
    "aria-label": label,
    onchange: (event) => onChange(event.target.value),
  });
}

/** The number that somebody typed: 0.5, 1,5, −2e-3, 1/3, pi, inf; null for anything else. */
export function numberOf(text) {
  const known = { pi: Math.PI, "π": Math.PI, e: Math.E, inf: Infinity, nan: NaN };
  const part = (text) => {
    const found = /^([+-]?)(pi|π|e|inf|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i.exec(text.trim());
    if (!found) return null;
    const size = known[found[2].toLowerCase()] ?? Number(found[2]);
    return found[1] === "-" ? -size : size;
  };
  const plain = text.replaceAll("−", "-").replace(/^(\s*[+-]?\d*),(\d+\s*)$/, "$1.$2");
  const parts = plain.split("/").map(part);
  if (parts.length > 2 || parts.includes(null)) return null;
  return parts.length === 2 ? parts[0] / parts[1] : parts[0];
}

/**
 * Draw the stepper below `el`.
 *
 * `onEdit(node, place, number)` makes the leaves editable. Where `live` is given (see live.js), and
 * `compute` to compute it, they are, and nobody else is needed.
 */
export function mount(el, data, { step = 0, onStep, onEdit, live, compute } = {}) {
  const original = data;
  const leaves = live ? live.graph.map((node) => (typeof node === "number" ? node : null)) : [];
  let numbersNow = leaves; // of the leaves, by their places
  let slopes = live ? compute(data, live, leaves).gradients : [];
  const learning = leaves.map((number) => number !== null);
  let position = 0;
  let pattern = null; // of formulas over the names of the graph
  let uses = []; // see `countedUses`
  let boxes = []; // of the picture's nodes
  const ways = new WeakMap(); // points of each edge: asked for later, all would be laid out again
  let speed = 1;
  let skipping = false; // of steps in which nothing is computed
  const stops = new Set(); // nodes at which playing stops
  let predicting = false;
  const known = new Set(); // steps whose numbers were guessed, or shown
  let moving = false; // whether the step was one ahead, which is shown as a motion
  let timer = null;
  let drawn = []; // per row, what it shows

  const button = (name, label, text, act) =>
    create("button", { type: "button", class: name, "aria-label": label, title: label, onclick: act }, text);
  const play = button("play", "Play", "Play", () => toggle());
  const slider = create("input", {
    type: "range", min: 0, "aria-label": "Step", oninput: () => show(Number(slider.value)),
  });
  const count = create("output", { class: "count" });
  const pace = button("pace", "Speed", "1×", () => {
    speed = speed === 1 ? 2 : speed === 2 ? 0.5 : 1;
    pace.textContent = speed === 0.5 ? "½×" : `${speed}×`;
    pace.setAttribute("aria-label", `Speed ${pace.textContent}`);
    if (timer) { pause(); toggle(); }
  });
  const skip = create("input", { type: "checkbox", onchange: () => { skipping = skip.checked; } });
  const predict = button("predict", "Predict", "Predict", () => {
    predicting = !predicting;
    predict.setAttribute("aria-pressed", predicting);
    show(position);
  });
  predict.setAttribute("aria-pressed", "false");
  const chapters = create("div", { class: "chapters", role: "group", "aria-label": "Chapters" });
  const toolbar = create(
    "div",
    { class: "toolbar", role: "toolbar", "aria-label": "Walk through the passes" },
    button("first", "First step", "«", () => show(0)),
    button("back", "Back", "‹ Back", () => walk(-1)),
    button("next", "Next", "Next ›", () => walk(1)),
    button("last", "Last step", "»", () => show(last())),
    play,
    pace,
    create("div", { class: "track" }, slider, chapters),
    count,
    create("label", { class: "skip", title: "Steps in which an input is read, or has its gradient" },
      skip, " skip inputs"),
    predict,
  );
  const rate = create("input", {
    class: "editor", value: "0.1", size: 5, inputmode: "text", "aria-label": "Learning rate",
  });
  const workshop = create("div", { class: "workshop", role: "group", "aria-label": "What if" },
    button("descend", "Descend one step", "Descend one step", descend),
    create("label", {}, "by ", rate, " × gradient"),
    button("reset", "Reset", "Reset", () => recompute(leaves)));
  const graph = create("div", { class: "graph", tabindex: 0, role: "group" });
  const formula = create("section", {
    class: "formula", "aria-live": "polite", "aria-atomic": "true", "aria-label": "This step",
  });
  const rows = create("tbody");
  const heads = ["Node", "Operation", "Value", "Gradient"];
  const numbers = create(
    "div",
    { class: "numbers", tabindex: 0, role: "region", "aria-label": "Values and gradients so far" },
    create("table", {},
      create("thead", {}, create("tr", {}, ...heads.map((head) => create("th", { scope: "col" }, head)))),
      rows),
  );
  const help = create("p", { class: "help" });
  help.append("Keys: ", ...["←", "→", "Home", "End"].flatMap((key) => [create("kbd", {}, key), " "]),
    "to step, ", create("kbd", {}, "["), " ", create("kbd", {}, "]"), " to named results, ",
    create("kbd", {}, "Space"), " to play. A click on a box goes to its step; with ",
    create("kbd", {}, "Shift"), " playing stops there.");
  if (data.still) help.append(" ", data.still);
  const root = create("div", {
    class: "gradwalk-stepper",
    tabindex: -1,
    "data-lm-suppress-shortcuts": "true", // else JupyterLab takes Enter, Space and the arrows
  }, toolbar, create("div", { class: "stage" }, graph, formula), live ? workshop : null, numbers, help);

  const last = () => data.steps.length - 1;
  const phaseAt = (k) => (k < data.nodes.length ? "forward" : "backward");

  function latest(node, k) {
    let found = null;
    for (const [from, gradient] of node.history) {
      if (from > k) break;
      found = gradient;
    }
    return found;
  }

  // --- the three views ------------------------------------------------------------------------

  function showGraph(k) {
    const current = data.steps[k];
    const touched = new Set(
      phaseAt(k) === "forward"
        ? data.nodes[current.node].operands.filter((x) => typeof x === "number")
        : current.lines.map((line) => line.to),
    );
    data.nodes.forEach((node, i) => {
      const place = node.id && graph.querySelector(`#${CSS.escape(node.id)}`);
      if (!place) return;
      place.classList.toggle("lit", i === current.node);
      place.classList.toggle("touched", touched.has(i) && i !== current.node);
      place.classList.toggle("waiting", i > k);
      place.classList.toggle("stop", stops.has(i));
      const gradient = latest(node, k);
      place.classList.toggle("reached", gradient !== null);
      const figures = place.querySelectorAll(".figure");
      if (figures.length === 1 && typeof node.value === "string") say(figures[0], node.value);
      place.classList.toggle("odd", i <= k && isOdd(node.value) || isOdd(gradient));
      const slope = place.querySelector(".slope");
      if (slope && typeof gradient === "string") say(slope, slope.dataset.before + gradient);
    });
    const here = data.nodes[current.node].id;
    const others = new Set([...touched].map((i) => data.nodes[i].id));
    for (const extra of graph.querySelectorAll(".dot, .tag")) extra.remove();
    for (const edge of graph.querySelectorAll(".edge")) {
      const [from, to] = edge.dataset.ends.split(" ");
      const active = to === here && others.has(from);
      edge.classList.toggle("active", active);
      if (active && moving) travel(edge, phaseAt(k) === "backward");
      const lines = current.lines.filter((line) => data.nodes[line.to].id === from);
      if (active && phaseAt(k) === "backward") lines.forEach((line, i) => tag(edge, line, k, i));
    }
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

  function svgElement(name, attributes, text) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  // A dot runs along the edge; what it brings shows once it is there (`.arriving`).
  function travel(edge, back) {
    const stations = ways.get(edge);
    const dot = svgElement("circle", { class: "dot", r: 4 });
    edge.append(dot);
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
  function tag(edge, line, k, i) {
    const result = line.result ?? latest(data.nodes[line.to], k);
    if (typeof result !== "string" || line.local === undefined) return;
    const at = ways.get(edge)[STATIONS / 2];
    const text = svgElement("text", { "text-anchor": "middle" });
    text.append(svgElement("tspan", { class: "local" }, `× ${line.local}`), ` → ${result}`);
    const group = svgElement("g", { class: "tag arriving" });
    group.append(text);
    edge.parentNode.append(group);
    const own = text.getBBox(); // around 0, 0
    const tags = [...graph.querySelectorAll(".tag rect")].map((element) => element.getBBox());
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

  // Texts that stay are left alone: the browser would lay out the whole picture again.
  function say(element, text) {
    if (element.textContent !== text) element.textContent = text;
  }

  // Tells apart what a box says, so that its numbers show when they are known: the gradient has a
  // colour of its own, and what is neither title nor operation belongs to the value.
  function markTexts(node) {
    for (const text of graph.querySelectorAll(`#${CSS.escape(node.id)} text`)) {
      if (text.getAttribute("fill") === "var(--slope)") {
        text.classList.add("slope");
        text.dataset.before = text.textContent.replace(node.history.at(-1)[1], "");
      } else if (!text.hasAttribute("font-weight") && text.textContent !== node.operation)
        text.classList.add("figure");
    }
  }

  function showFormula(k) {
    const { node: i, lines, source } = data.steps[k];
    const node = data.nodes[i];
    const phase = phaseAt(k);
    const parts = [
      create("h2", {}, create("span", { class: `phase ${phase}` }, phase), " ", node.name,
        create("small", {}, node.operation ? ` ${node.operation}` : " leaf")),
    ];
    if (phase === "forward") {
      const sides = lines.length ? lines[0].sides : [];
      parts.push(equations([[{ name: node.name, sides, result: node.value }, "="]]));
      const arrays = node.operands
        .map((x) => (typeof x === "number" ? [data.nodes[x].name, data.nodes[x].value] : ["constant", x]))
        .filter(([, value]) => typeof value !== "string");
      parts.push(gallery(arrays));
    } else {
      const sent = lines.map((line) => [{ result: latest(data.nodes[line.to], k), ...line }, "+="]);
      const own = { name: `∂${data.name}/∂${node.name}`, sides: [], result: latest(node, k) };
      parts.push(equations([[own, "="], ...sent], latest(node, k)));
      if (lines.length && data.says[node.row])
        parts.push(create("p", { class: "says" }, data.says[node.row]));
      parts.push(...lines.map((line) => arrival(line, k)));
      if (!lines.length) parts.push(create("p", { class: "note" }, node.operation
        ? "Nothing flows on from here." : "A leaf: this is its whole gradient."));
    }
    if (startsHere(k)) parts.push(create("p", { class: "problem" },
      `${startsHere(k)} starts here: everything before it is finite.`));
    if (source) parts.push(create("p", { class: "source" }, "made at ", create("code", {}, source)));
    const asked = question(k);
    root.classList.toggle("asking", asked !== null);
    if (asked) parts.splice(1, parts.length, asked);
    formula.replaceChildren(...parts.filter(Boolean));
  }

  // The steps in which something arrives, for each node.
  function countedUses() {
    const found = data.nodes.map(() => []);
    data.steps.forEach((step, k) => {
      if (phaseAt(k) === "backward") for (const { to } of step.lines) found[to].push(k);
    });
    return found;
  }

  // How a gradient adds up where a node is used several times: −3 + 1 = −2, 2 of 2 uses.
  function arrival(line, k) {
    const steps = uses[line.to];
    const sum = latest(data.nodes[line.to], k), before = latest(data.nodes[line.to], k - 1);
    if (steps.length < 2 || typeof sum !== "string") return null;
    const arrived = steps.filter((at) => at <= k).length;
    const bracketed = (text) => (text.startsWith("−") ? `(${text})` : text);
    const added = before !== null && line.result ? `${before} + ${bracketed(line.result)} = ${sum}; ` : "";
    return create("p", { class: "says" },
      `${line.name}: ${added}${arrived} of ${steps.length} uses arrived.`);
  }

  // The numbers of a step are asked for: what comes is hidden until it was guessed, or given up.
  function question(k) {
    const { node: i, lines } = data.steps[k];
    const node = data.nodes[i];
    if (!predicting || known.has(k) || !lines.length) return null;
    const forward = phaseAt(k) === "forward";
    const answer = forward ? node.value : lines[0].result ?? latest(data.nodes[lines[0].to], k);
    if (typeof answer !== "string") return null;
    const name = forward ? node.name : `what goes to ${lines[0].name}`;
    const verdict = create("output", { class: "verdict" });
    const guess = create("input", {
      class: "editor guess", size: 10, "aria-label": `Your number for ${name}`,
      onkeydown: (event) => { if (event.key === "Enter") judge(); },
    });
    const reveal = () => { known.add(k); show(k); };
    function judge() {
      const number = numberOf(guess.value), right = parsed(answer);
      if (number === null) verdict.textContent = "a number is needed, such as 0.5, 1/3 or pi";
      else if (number === right || Math.abs(number - right) <= 0.01 * Math.abs(right)) reveal();
      else verdict.textContent = slip(number, right, node, lines[0], k);
    }
    setTimeout(() => guess.focus({ preventScroll: true }));
    return create("p", { class: "question" },
      create("label", {}, forward ? `${name} = ${lines[0].sides[0]} = ` : `${lines[0].name} += ${lines[0].sides[0]} = `, guess),
      button("check", "Check", "Check", judge), button("reveal", "Show me", "Show me", reveal), verdict);
  }

  // The usual slips, by their names.
  function slip(number, right, node, line, k) {
    const near = (x) => Math.abs(number - x) <= 0.01 * Math.abs(x);
    if (near(-right)) return "The size is right; look at the sign.";
    if (phaseAt(k) === "backward" && line.local !== undefined) {
      if (near(parsed(line.local))) return "That is the local derivative alone; the upstream gradient is a factor, too.";
      if (near(parsed(latest(node, k)))) return "That is the upstream gradient alone; the local derivative is a factor, too.";
      if (near(parsed(latest(data.nodes[line.to], k)))) return "That is the sum so far; asked is what this use adds to it.";
    }
    if ([10, 100, 0.1, 0.01].some((x) => near(x * right))) return "The digits are right; look at the decimal point.";
    return "Not yet: put the numbers into the formula.";
  }

  // What is not finite in this step, though nothing that went into it was.
  function startsHere(k) {
    const { node: i, lines } = data.steps[k];
    const node = data.nodes[i];
    if (phaseAt(k) === "forward") {
      const before = node.operands.map((x) => (typeof x === "number" ? data.nodes[x].value : x));
      return node.operation && isOdd(node.value) && !before.some(isOdd) ? node.value : null;
    }
    if (isOdd(latest(node, k)) || isOdd(node.value)) return null;
    return lines.map((line) => line.result ?? latest(data.nodes[line.to], k)).find(isOdd) ?? null;
  }

  // A formula as mathematics; what it says as text is there, too, for whoever reads it so.
  function written(tag, kind, text, upstream) {
    return create(tag, { class: kind, "data-text": text, "aria-label": text, role: "math" },
      mathematics(text, pattern, upstream));
  }

  function equations(lines, upstream) {
    const all = create("div", { class: "equations" });
    for (const [line, sign] of lines) {
      const grid = create("div", { class: "equation" });
      all.append(grid);
      const scalar = typeof line.result === "string";
      const result = scalar ? line.result : quantity(line.result, line.name);
      const sides = [...new Set([...line.sides, result])];
      sides.forEach((side, i) => grid.append(
        i ? create("span", { class: "left" }) : written("span", "left first", line.name),
        create("span", { class: "sign", "data-text": i ? "=" : sign }, i ? "=" : sign),
        side === result
          ? create("div", { class: `right arriving${scalar ? " result" : ""}`, "data-text": scalar ? side : "" }, side)
          : written("div", "right", side, sign === "+=" ? upstream : undefined),
      ));
    }
    return all;
  }

  function gallery(arrays) {
    if (!arrays.length) return null;
    return create("div", { class: "gallery" }, ...arrays.map(([name, array]) =>
      create("figure", {}, quantity(array, name), create("figcaption", {}, `${name} ${array.shape}`))));
  }

  function showNumbers(k) {
    data.nodes.forEach((node, i) => {
      const row = rows.children[i];
      const known = i <= k;
      const gradient = latest(node, k);
      row.classList.toggle("lit", i === data.steps[k].node);
      if (i === data.steps[k].node) row.setAttribute("aria-current", "step");
      else row.removeAttribute("aria-current");
      if (drawn[i] && drawn[i].known === known && drawn[i].gradient === gradient) return;
      drawn[i] = { known, gradient };
      const [, , value, slope] = row.children;
      const before = node.before || { value: null, history: [] };
      const editable = (onEdit || live) && !node.operation
        ? (place, text) => edited(i, place, text) : null;
      fill(value, known ? node.value : null, before.value, node.name, editable, i);
      fill(slope, gradient, latest(before, k), `gradient of ${node.name}`);
    });
  }

  function fill(cell, number, before, name, onCell, leaf) {
    const inputs = () => [...cell.querySelectorAll("input")];
    const focused = inputs().indexOf(el.getRootNode().activeElement);
    const kept = cell.querySelector(":scope > .live"); // which may be under the pointer
    const changed = before !== null && JSON.stringify(before) !== JSON.stringify(number);
    cell.classList.toggle("changed", changed && number !== null);
    if (number === null) {
      const unknown = { class: "unknown", "aria-label": "not yet known" };
      return cell.replaceChildren(create("span", unknown, "·"));
    }
    cell.classList.toggle("odd", isOdd(number));
    if (kept) {
      for (const element of [...cell.children]) if (element !== kept) element.remove();
      kept.querySelector(".editor").value = number;
      const drag = kept.querySelector("[type=range]");
      if (drag !== el.getRootNode().activeElement) drag.value = numbersNow[leaf];
    } else if (live && onCell) {
      cell.replaceChildren(create("span", { class: "live" },
        quantity(number, name, onCell), dragged(leaf, name), learns(data.nodes[leaf], leaf)));
    } else {
      cell.replaceChildren(quantity(number, name, onCell));
      if (focused >= 0) inputs()[focused]?.focus();
    }
    if (changed) cell.prepend(
      create("del", { "aria-label": "before" }, quantity(before, `${name} before`)),
      create("span", { class: "arrow" }, "→"),
    );
  }

  // --- other numbers --------------------------------------------------------------------------

  function edited(leaf, place, text) {
    const number = numberOf(text);
    if (number === null)
      return complain(`a number is needed, such as 0.5, 1/3 or pi, got “${text}”`);
    if (!live) return onEdit(leaf, place, number);
    recompute(numbersNow.map((x, i) => (i === leaf ? number : x)));
  }

  function dragged(leaf, name) {
    const middle = Number.isFinite(leaves[leaf]) ? leaves[leaf] : 0;
    const span = Math.max(1, 2 * Math.abs(middle));
    const slide = create("input", {
      type: "range", class: "drag", "aria-label": `Drag ${name}`,
      min: middle - span, max: middle + span, step: span / 200,
      oninput: () => recompute(numbersNow.map((x, i) => (i === leaf ? Number(slide.value) : x))),
    });
    slide.value = numbersNow[leaf];
    return slide;
  }

  function recompute(numbers) {
    const found = compute(original, live, numbers);
    found.data.nodes.forEach((node, i) => {
      const { value, history } = data.nodes[i];
      node.before = { value, history };
    });
    [numbersNow, slopes] = [numbers, found.gradients];
    load(found.data, position);
  }

  function descend() {
    const by = numberOf(rate.value);
    if (by === null) return complain(`a learning rate is a number, such as 0.1, got “${rate.value}”`);
    recompute(numbersNow.map((x, i) =>
      (learning[i] && slopes[i] !== null ? x - by * slopes[i] : x)));
  }

  // Scrolls the pane alone, where `scrollIntoView` would move the whole notebook.
  function bringIntoView(pane, place, margin = 0) {
    const outer = pane.getBoundingClientRect();
    const inner = place.getBoundingClientRect();
    const across = margin * outer.width;
    if (inner.top < outer.top + 30 || inner.bottom > outer.bottom)
      pane.scrollTop += (inner.top + inner.bottom - outer.top - outer.bottom) / 2;
    if (inner.width > outer.width) return; // a row of a wide table
    if (inner.left < outer.left + across || inner.right > outer.right - across)
      pane.scrollLeft += (inner.left + inner.right - outer.left - outer.right) / 2;
  }

  // --- moving ---------------------------------------------------------------------------------

  // The steps of named results, forward and back, and of the first input in each pass.
  function chapterSteps() {
    const named = (i) => data.nodes[i].operation && !/^v\d+$/.test(data.nodes[i].name);
    return data.steps.flatMap(({ node }, k) => (named(node) ? [[k, data.nodes[node].name]] : []));
  }

  function showChapters() {
    let free = -Infinity; // the share of the line from which on there is room
    chapters.replaceChildren(...chapterSteps().map(([k, name]) => {
      const share = k / Math.max(last(), 1);
      const shown = share > free;
      if (shown) free = share + Math.min(0.2, 0.02 + 0.009 * name.length);
      const label = `${name}, step ${k}, ${phaseAt(k)}`;
      const mark = create("button", {
        type: "button", class: `chapter ${phaseAt(k)}`, "aria-label": label, title: label,
        style: `left: ${100 * share}%`, onclick: () => show(k),
      }, shown ? name : "·");
      return mark;
    }));
    chapters.hidden = !chapters.children.length;
  }

  // One step on or back; of steps that only read inputs, all at once where these are skipped.
  function walk(way) {
    let k = position + way;
    while (skipping && k > 0 && k < last() && !data.steps[k].lines.length) k += way;
    show(k);
  }

  function leap(way) {
    const marks = [0, ...chapterSteps().map(([k]) => k), last()];
    show(way > 0 ? marks.find((k) => k > position) ?? last() : marks.findLast((k) => k < position) ?? 0);
  }

  function show(k, quiet = false) {
    moving = k === position + 1 && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    root.style.setProperty("--travel", moving ? `${TRAVEL}ms` : "0ms");
    position = Math.min(Math.max(k, 0), last());
    slider.value = position;
    const phase = phaseAt(position);
    const name = data.nodes[data.steps[position].node].name;
    count.textContent = `${position} / ${last()}`;
    slider.setAttribute("aria-valuetext", `Step ${position} of ${last()}, ${phase}: ${name}`);
    root.dataset.phase = phase;
    root.dataset.position = position;
    showFormula(position);
    showGraph(position);
    showNumbers(position);
    const here = data.steps[position].node;
    const place = data.nodes[here].id && graph.querySelector(`#${CSS.escape(data.nodes[here].id)}`);
    if (place) bringIntoView(graph, place, 0.25);
    bringIntoView(numbers, rows.children[here]); // last, as what is measured must be laid out
    // not `disabled`, which would take the focus away from who steps with the keyboard
    for (const [names, end] of [[".first, .back", 0], [".last, .next", last()]])
      for (const button of root.querySelectorAll(names))
        button.setAttribute("aria-disabled", position === end);
    if (position === last()) pause();
    if (onStep && !quiet) onStep(position);
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    formula.setAttribute("aria-live", "polite");
    play.textContent = "Play";
    play.setAttribute("aria-label", "Play");
  }

  function toggle() {
    if (timer) return pause();
    if (position === last()) show(0);
    timer = setInterval(() => {
      walk(1);
      if (stops.has(data.steps[position].node)) pause();
    }, 1000 / speed);
    formula.setAttribute("aria-live", "off"); // a reader could not keep up
    play.textContent = "Pause";
    play.setAttribute("aria-label", "Pause");
  }

  function keyed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // notebooks take letters for commands: d d deletes a cell
    if (event.target.matches("input:not([type=range], [type=checkbox])")) {
      if (event.key === "Enter") event.target.blur(); // some notebooks keep Enter from committing
      return;
    }
    const moves = {
      ArrowRight: () => walk(1), ArrowLeft: () => walk(-1),
      Home: () => show(0), End: () => show(last()), "[": () => leap(-1), "]": () => leap(1),
    };
    if (event.key === " " && !event.target.matches("button, input")) moves[" "] = toggle;
    if (!moves[event.key] || event.target.matches(".drag")) return;
    event.preventDefault();
    moves[event.key]();
  }

  function load(changed, k) {
    const drawnBefore = graph.hasChildNodes() && changed.svg === data.svg;
    const rowsBefore = rows.children.length === changed.nodes.length;
    const known = pattern && rowsBefore; // an edit changes numbers alone
    data = changed;
    drawn = [];
    if (!known) {
      pattern = tokens(data.nodes.map((node) => node.name));
      uses = countedUses();
      showChapters();
    }
    slider.max = last();
    root.style.setProperty("--turn", `${(100 * (data.nodes.length - 0.5)) / Math.max(last(), 1)}%`);
    graph.setAttribute("aria-label", `Computation graph of ${data.name}, ${data.nodes.length} nodes`);
    if (!drawnBefore) graph.innerHTML = data.svg || "";
    if (!data.svg && !drawnBefore) graph.append(create("p", { class: "note" }, data.note));
    const picture = graph.querySelector("svg");
    if (picture && !drawnBefore) {
      const width = picture.viewBox.baseVal.width * (4 / 3); // points to pixels
      picture.setAttribute("aria-hidden", "true");
      picture.removeAttribute("height");
      picture.style.width = "100%";
      picture.style.maxWidth = `${width}px`;
      picture.style.minWidth = `${(SMALLEST / FONT) * width}px`; // else it scrolls
      data.nodes.forEach(markTexts);
      boxes = [...graph.querySelectorAll(".node")].map((node) => node.getBBox());
      graph.querySelectorAll(".edge").forEach((edge) => { turnable(edge); told(edge); });
    }
    if (!rowsBefore) rows.replaceChildren(...data.nodes.map((node, i) => create("tr", {},
      create("th", { scope: "row" }, node.name),
      create("td", { class: "operation" }, node.operation || "leaf"),
      create("td"),
      create("td"))));
    show(k, true);
  }

  function learns(node, i) {
    const box = create("input", {
      type: "checkbox", "aria-label": `${node.name} learns`,
      onchange: () => { learning[i] = box.checked; },
    });
    box.checked = learning[i];
    return create("label", { class: "learns" }, box, " learns");
  }

  function complain(text) {
    drawn = []; // so that the refused text gives way to the number
    showNumbers(position);
    for (const earlier of formula.querySelectorAll(".problem")) earlier.remove();
    formula.prepend(create("p", { class: "problem", role: "alert" }, text));
  }

  graph.addEventListener("click", (event) => {
    const box = event.target.closest(".node");
    const i = box ? data.nodes.findIndex((node) => node.id === box.id) : -1;
    if (i < 0) return;
    if (event.shiftKey) {
      if (!stops.delete(i)) stops.add(i);
      return showGraph(position);
    }
    const back = data.steps.findIndex(({ node }, k) => node === i && k >= data.nodes.length);
    show(phaseAt(position) === "backward" && back >= 0 ? back : i);
  });
  el.append(root);
  el.addEventListener("keydown", keyed);
  load(data, step);
  return {
    show: (k) => { if (k !== position) show(k, true); },
    load: (changed) => load(changed, position),
    complain,
    destroy: () => { pause(); el.removeEventListener("keydown", keyed); root.remove(); },
  };
}

export default {
  render({ model, el }) {
    const view = mount(el, model.get("data"), {
      step: model.get("position"),
      onStep: (k) => { model.set("position", k); model.save_changes(); },
      onEdit: (node, place, number) => model.send({ node, place, text: String(number) }),
    });
    const moved = () => view.show(model.get("position"));
    const changed = () => view.load(model.get("data"));
    model.on("change:position", moved);
    const told = (message) => { if (message.error) view.complain(message.error); };
    model.on("change:data", changed);
    model.on("msg:custom", told);
    return () => {
      model.off("change:position", moved);
      model.off("change:data", changed);
      model.off("msg:custom", told);
      view.destroy();
    };
  },
};
