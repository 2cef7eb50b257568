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
  let learning = leaves.map((number) => number !== null);
  let position = 0;
  let timer = null;
  let drawn = []; // per row, what it shows

  const button = (name, label, text, act) =>
    create("button", { type: "button", class: name, "aria-label": label, title: label, onclick: act }, text);
  const play = button("play", "Play", "Play", () => toggle());
  const slider = create("input", {
    type: "range", min: 0, "aria-label": "Step", oninput: () => show(Number(slider.value)),
  });
  const count = create("output", { class: "count" });
  const toolbar = create(
    "div",
    { class: "toolbar", role: "toolbar", "aria-label": "Walk through the passes" },
    button("first", "First step", "«", () => show(0)),
    button("back", "Back", "‹ Back", () => show(position - 1)),
    button("next", "Next", "Next ›", () => show(position + 1)),
    button("last", "Last step", "»", () => show(last())),
    play,
    slider,
    count,
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
    "to step, ", create("kbd", {}, "Space"), " to play.");
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
      const gradient = latest(node, k);
      place.classList.toggle("reached", gradient !== null);
      const figures = place.querySelectorAll(".figure");
      if (figures.length === 1 && typeof node.value === "string") figures[0].textContent = node.value;
      place.classList.toggle("odd", i <= k && isOdd(node.value) || isOdd(gradient));
      const slope = place.querySelector(".slope");
      if (slope && typeof gradient === "string") slope.textContent = slope.dataset.before + gradient;
      if (i === current.node) bringIntoView(graph, place, 0.25);
    });
    const here = data.nodes[current.node].id;
    const others = new Set([...touched].map((i) => data.nodes[i].id));
    for (const edge of graph.querySelectorAll(".edge")) {
      const [from, to] = edge.dataset.ends.split(" ");
      edge.classList.toggle("active", to === here && others.has(from));
    }
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
      parts.push(equations([[own, "="], ...sent]));
      if (!lines.length) parts.push(create("p", { class: "note" }, node.operation
        ? "Nothing flows on from here." : "A leaf: this is its whole gradient."));
    }
    if (startsHere(k)) parts.push(create("p", { class: "problem" },
      `${startsHere(k)} starts here: everything before it is finite.`));
    if (source) parts.push(create("p", { class: "source" }, "made at ", create("code", {}, source)));
    formula.replaceChildren(...parts.filter(Boolean));
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

  function equations(lines) {
    const grid = create("div", { class: "equations" });
    for (const [line, sign] of lines) {
      const scalar = typeof line.result === "string";
      const result = scalar ? line.result : quantity(line.result, line.name);
      const sides = [...new Set([...line.sides, result])];
      sides.forEach((side, i) => grid.append(
        create("span", { class: i ? "left" : "left first" }, i ? "" : line.name),
        create("span", { class: "sign" }, i ? "=" : sign),
        create("div", { class: scalar && side === result ? "right result" : "right" }, side),
      ));
    }
    return grid;
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
      if (drawn[i] && drawn[i].known === known && drawn[i].gradient === gradient) return;
      drawn[i] = { known, gradient };
      const [, , value, slope] = row.children;
      const before = node.before || { value: null, history: [] };
      const editable = (onEdit || live) && !node.operation
        ? (place, text) => edited(i, place, text) : null;
      fill(value, known ? node.value : null, before.value, node.name, editable, i);
      fill(slope, gradient, latest(before, k), `gradient of ${node.name}`);
    });
    const lit = rows.children[data.steps[k].node];
    if (lit) bringIntoView(numbers, lit);
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
        quantity(number, name, onCell), dragged(leaf, name)));
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
    const span = Math.max(1, 2 * Math.abs(leaves[leaf])) || 1;
    const slide = create("input", {
      type: "range", class: "drag", "aria-label": `Drag ${name}`,
      min: leaves[leaf] - span, max: leaves[leaf] + span, step: span / 200,
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

  function show(k, quiet = false) {
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
    timer = setInterval(() => show(position + 1), 1000);
    formula.setAttribute("aria-live", "off"); // a reader could not keep up
    play.textContent = "Pause";
    play.setAttribute("aria-label", "Pause");
  }

  function keyed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation(); // notebooks take letters for commands: d d deletes a cell
    if (event.target.matches("input:not([type=range])")) {
      if (event.key === "Enter") event.target.blur(); // some notebooks keep Enter from committing
      return;
    }
    const moves = {
      ArrowRight: () => show(position + 1), ArrowLeft: () => show(position - 1),
      Home: () => show(0), End: () => show(last()),
    };
    if (event.key === " " && !event.target.matches("button, input")) moves[" "] = toggle;
    if (!moves[event.key] || event.target.matches(".drag")) return;
    event.preventDefault();
    moves[event.key]();
  }

  function load(changed, k) {
    const drawnBefore = graph.hasChildNodes() && changed.svg === data.svg;
    const rowsBefore = rows.children.length === changed.nodes.length;
    data = changed;
    drawn = [];
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
      picture.style.minWidth = `${0.6 * width}px`;
      data.nodes.forEach(markTexts);
    }
    if (!rowsBefore) rows.replaceChildren(...data.nodes.map((node, i) => create("tr", {},
      create("th", { scope: "row" }, node.name),
      create("td", { class: "operation" }, node.operation || "leaf", learns(node, i)),
      create("td"),
      create("td"))));
    show(k, true);
  }

  function learns(node, i) {
    if (!live || node.operation) return null;
    const box = create("input", {
      type: "checkbox", "aria-label": `${node.name} learns`,
      onchange: () => { learning[i] = box.checked; },
    });
    box.checked = true;
    return create("label", { class: "learns" }, box, " learns");
  }

  function complain(text) {
    drawn = []; // so that the refused text gives way to the number
    showNumbers(position);
    for (const earlier of formula.querySelectorAll(".problem")) earlier.remove();
    formula.prepend(create("p", { class: "problem", role: "alert" }, text));
  }

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
