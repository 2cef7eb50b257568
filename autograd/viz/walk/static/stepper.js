// The stepper as people see it. `mount` draws it below an element and touches nothing else;
// `render` adapts it to a widget's model. The same file serves pages, notebooks and widgets.
//
// `data` is what autograd/viz/walk/page.py writes: the nodes with their numbers and the history of
// their gradients, the steps with their formulas, and the graph as SVG.
import { create, isOdd, numberOf, parsed, quantity } from "./elements.js";
import { mathematics, spoken, tokens } from "./mathematics.js";
import { TRAVEL, createPicture } from "./picture.js";
import { chapterSteps, latest, phaseAt, slip, startsHere, usesOf } from "./reading.js";

/**
 * @typedef {Object} Options
 * @property {number} [step] at which to begin
 * @property {(step: number) => void} [onStep] hears of each step
 * @property {(node: number, place: number, number: number) => void} [onEdit] makes the leaves editable
 * @property {import("./live.js").Live} [live] with `compute` they are, and nobody else is needed
 * @property {typeof import("./live.js").computed} [compute]
 */

/**
 * Draw the stepper below `el`.
 *
 * @param {HTMLElement} el
 * @param {import("./reading.js").Data} data
 * @param {Options} [options]
 */
export function mount(el, data, options = {}) {
  const { step = 0, onStep, onEdit, live, compute = (data) => ({ data, values: [], gradients: [] }) } = options;
  const original = data;
  const leaves = live ? live.graph.map((node) => (typeof node === "number" ? node : null)) : [];
  let numbersNow = leaves; // of the leaves, by their places
  let slopes = live ? compute(data, live, leaves).gradients : [];
  const learning = leaves.map((number) => number !== null);
  let position = 0;
  let pattern = null; // of formulas over the names of the graph
  let uses = []; // per node, the steps in which something arrives
  let speed = 1;
  let skipping = false; // of steps in which nothing is computed
  const stops = new Set(); // nodes at which playing stops
  let mode = "Explain"; // what the panel below the graph is for
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
  const modes = ["Explain", "Predict", ...(live ? ["What if"] : [])].map((name) =>
    button("mode", name, name, () => enter(mode === name ? "Explain" : name)));
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
    create("div", { class: "modes", role: "group", "aria-label": "The panel" }, ...modes),
  );
  const rate = create("input", {
    class: "editor", value: "0.1", size: 5, inputmode: "text", "aria-label": "Learning rate",
  });
  const cards = data.nodes.map((node, i) => (live && !node.operation ? card(node.name, i) : null));
  const workshop = create("div", { class: "workshop" },
    create("div", { class: "tools" },
      button("descend", "Descend one step", "Descend one step", descend),
      create("label", {}, "by ", rate, " × gradient"),
      button("reset", "Reset", "Reset", () => recompute(leaves))),
    ...cards.flatMap((made) => (made ? [made.element] : [])));
  const graph = create("div", { class: "graph", tabindex: 0, role: "group" });
  const picture = createPicture(graph);
  const magnify = (by) => { picture.zoom(by); show(position, true); };
  const lens = create("div", { class: "lens", role: "group", "aria-label": "Size of the graph" },
    button("smaller", "Smaller", "−", () => magnify(1 / 1.25)),
    button("fit", "Fit the whole graph", "Fit", () => magnify(null)),
    button("larger", "Larger", "+", () => magnify(1.25)));
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
    create("kbd", {}, "Space"), " to play, ", create("kbd", {}, "+"), " ", create("kbd", {}, "-"), " ",
    create("kbd", {}, "f"), " for the graph's size. A click on a box goes to its step; with ",
    create("kbd", {}, "Shift"), " playing stops there.");
  if (data.still) help.append(" ", data.still);
  help.append(" ", button("copy", "Copy this step as SVG", "Copy this step as SVG", copied));
  const root = create("div", {
    class: "gradwalk-stepper",
    tabindex: -1,
    "data-lm-suppress-shortcuts": "true", // else JupyterLab takes Enter, Space and the arrows
  }, toolbar, create("div", { class: "stage" }, graph, lens, formula), numbers, help);

  const last = () => data.steps.length - 1;

  // --- the three views ------------------------------------------------------------------------

  function enter(name) {
    mode = name;
    pressed();
    show(position);
  }

  function pressed() {
    for (const each of modes) each.setAttribute("aria-pressed", each.textContent === mode);
    voiced();
  }

  // A reader could not keep up with what plays, and a slider says its number by itself.
  function voiced() {
    formula.setAttribute("aria-live", timer || mode === "What if" ? "off" : "polite");
  }

  function showWorkshop(k) {
    root.classList.remove("asking");
    for (const element of [...formula.children]) if (element !== workshop) element.remove();
    if (!workshop.isConnected) formula.append(workshop); // else a slider would lose the pointer
    cards.forEach((made, i) => made?.show(data.nodes[i].value, latest(data.nodes[i], k)));
  }

  function showFormula(k) {
    if (mode === "What if") return showWorkshop(k);
    const { node: i, lines, source } = data.steps[k];
    const node = data.nodes[i];
    const phase = phaseAt(data, k);
    const parts = [
      create("h2", {}, create("span", { class: `phase ${phase}` }, phase), " ", node.name,
        create("small", {}, node.operation ? ` ${node.operation}` : " leaf")),
    ];
    parts.push(create("p", { class: "spoken" }, heard(k)));
    const law = phase === "backward" && data.steps[i].lines[0]?.sides[0]; // as it was computed forward
    if (law) parts.push(create("div", { class: "law", "aria-hidden": "true" }, mathematics(`${node.name} = ${law}`, pattern)));
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
      if (lines.length && data.says[node.row ?? ""])
        parts.push(create("p", { class: "says" }, data.says[node.row ?? ""]));
      const arrivals = lines.map((line) => arrival(line, k)).filter(Boolean);
      if (arrivals.length) parts.push(create("p", { class: "says" }, arrivals.join(" ")));
      if (!lines.length) parts.push(create("p", { class: "note" }, node.operation
        ? "Nothing flows on from here." : "A leaf: this is its whole gradient."));
    }
    if (startsHere(data, k)) parts.push(create("p", { class: "problem" },
      `${startsHere(data, k)} starts here: everything before it is finite.`));
    if (source) parts.push(create("p", { class: "source" }, "made at ", create("code", {}, source)));
    const asked = question(k);
    root.classList.toggle("asking", asked !== null);
    if (asked) parts.splice(1, parts.length, asked);
    formula.replaceChildren(...parts.filter(Boolean));
  }

  // How a gradient adds up where a node is used several times: −3 + 1 = −2, 2 of 2 uses.
  function arrival(line, k) {
    const steps = uses[line.to];
    const sum = latest(data.nodes[line.to], k), before = latest(data.nodes[line.to], k - 1);
    if (steps.length < 2 || typeof sum !== "string") return null;
    const arrived = steps.filter((at) => at <= k).length;
    const bracketed = (text) => (text.startsWith("−") ? `(${text})` : text);
    const added = before !== null && line.result ? `${before} + ${bracketed(line.result)} = ${sum}; ` : "";
    return `${line.name}: ${added}${arrived} of ${steps.length} uses arrived.`;
  }

  // The numbers of a step are asked for: what comes is hidden until it was guessed, or given up.
  function question(k) {
    const { node: i, lines } = data.steps[k];
    const node = data.nodes[i];
    if (mode !== "Predict" || known.has(k) || !lines.length) return null;
    const forward = phaseAt(data, k) === "forward";
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
      else verdict.textContent = slip(data, number, right, node, lines[0], k);
    }
    setTimeout(() => guess.focus({ preventScroll: true }));
    return create("p", { class: "question" },
      create("label", {}, forward ? `${name} = ${lines[0].sides[0]} = ` : `${lines[0].name} += ${lines[0].sides[0]} = `, guess),
      button("check", "Check", "Check", judge), button("reveal", "Show me", "Show me", reveal), verdict);
  }

  // What a screen reader says of a step, in place of its formulas.
  function heard(k) {
    const { node: i, lines } = data.steps[k];
    const node = data.nodes[i];
    const said = (number) => (typeof number === "string" ? spoken(number) : `an array of shape ${number.shape}`);
    if (phaseAt(data, k) === "forward")
      return `${node.name} is ${[...(lines[0]?.sides ?? []).map(spoken), said(node.value)].join(", which is ")}.`;
    const gains = lines.map((line) =>
      `The gradient of ${data.name} for ${data.nodes[line.to].name} gains ` +
      `${said(line.result ?? latest(data.nodes[line.to], k))}, which is ${spoken(line.sides.at(-1))}.`);
    const own = latest(node, k);
    return [`The gradient of ${data.name} for ${node.name} is ${own === null ? "0" : said(own)}.`, ...gains].join(" ");
  }

  // A formula as mathematics; what it says as text is there, too, for whoever searches the page.
  function written(tag, kind, text, upstream) {
    return create(tag, { class: kind, "data-text": text }, mathematics(text, pattern, upstream));
  }

  function equations(lines, upstream) {
    const all = create("div", { class: "equations", "aria-hidden": "true" });
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
      fill(value, known ? node.value : null, before.value, node.name, editable);
      fill(slope, gradient, latest(before, k), `gradient of ${node.name}`);
    });
  }

  const focus = () => /** @type {Document} */ (el.getRootNode()).activeElement;

  function fill(cell, number, before, name, onCell) {
    const inputs = () => [...cell.querySelectorAll("input")];
    const focused = inputs().indexOf(focus());
    const changed = before !== null && JSON.stringify(before) !== JSON.stringify(number);
    cell.classList.toggle("changed", changed && number !== null);
    if (number === null) {
      const unknown = { class: "unknown", "aria-label": "not yet known" };
      return cell.replaceChildren(create("span", unknown, "·"));
    }
    cell.classList.toggle("odd", isOdd(number));
    const editor = onCell && typeof number === "string" && cell.querySelector(":scope > .editor");
    if (editor) { // which keeps the focus, and gives it on
      for (const element of [...cell.children]) if (element !== editor) element.remove();
      [editor.value, editor.size] = [number, Math.max(number.length, 3)];
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
    if (!live) return onEdit?.(leaf, place, number);
    recompute(numbersNow.map((x, i) => (i === leaf ? number : x)));
  }

  // A leaf in the workshop: its number to be dragged, its gradient so far, and whether it learns.
  function card(name, leaf) {
    const original = leaves[leaf] ?? 0, middle = Number.isFinite(original) ? original : 0;
    const span = Math.max(1, 2 * Math.abs(middle));
    const drag = create("input", {
      type: "range", class: "drag", "aria-label": `Drag ${name}`,
      min: middle - span, max: middle + span, step: span / 200,
      oninput: () => recompute(numbersNow.map((x, i) => (i === leaf ? Number(drag.value) : x))),
    });
    const learns = create("input", {
      type: "checkbox", "aria-label": `${name} learns`,
      onchange: () => { learning[leaf] = learns.checked; },
    });
    learns.checked = true;
    const number = create("span", { class: "number" }), gradient = create("span", { class: "number gradient" });
    const element = create("div", { class: "card" }, create("b", {}, name), drag, number, gradient,
      create("label", { class: "learns" }, learns, " learns"));
    function show(value, slope) {
      number.textContent = value;
      gradient.textContent = slope === null ? "" : `∂ ${slope}`;
      if (drag !== focus()) drag.value = numbersNow[leaf];
    }
    return { element, show };
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
      (learning[i] && x !== null ? x - by * (slopes[i] ?? 0) : x)));
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

  function showChapters() {
    let free = -Infinity; // the share of the line from which on there is room
    chapters.replaceChildren(...chapterSteps(data).map(([k, name]) => {
      const share = k / Math.max(last(), 1);
      const shown = share > free;
      if (shown) free = share + Math.min(0.2, 0.02 + 0.009 * name.length);
      const label = `${name}, step ${k}, ${phaseAt(data, k)}`;
      const mark = create("button", {
        type: "button", class: `chapter ${phaseAt(data, k)}`, "aria-label": label, title: label,
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
    const marks = [0, ...chapterSteps(data).map(([k]) => k), last()];
    show(way > 0 ? marks.find((k) => k > position) ?? last() : marks.filter((k) => k < position).at(-1) ?? 0);
  }

  function show(k, quiet = false) {
    moving = k === position + 1 && !matchMedia("(prefers-reduced-motion: reduce)").matches;
    root.style.setProperty("--travel", moving ? `${TRAVEL}ms` : "0ms");
    position = Math.min(Math.max(k, 0), last());
    slider.value = position;
    const phase = phaseAt(data, position);
    const name = data.nodes[data.steps[position].node].name;
    count.textContent = `${position} / ${last()}`;
    slider.setAttribute("aria-valuetext", `Step ${position} of ${last()}, ${phase}: ${name}`);
    root.dataset.phase = phase;
    root.dataset.position = position;
    showFormula(position);
    picture.show(position, { moving, stops });
    showNumbers(position);
    const here = data.steps[position].node;
    if (picture.place(here)) bringIntoView(graph, picture.place(here), 0.25);
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
    voiced();
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
    voiced();
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
      "+": () => magnify(1.25), "-": () => magnify(1 / 1.25), f: () => magnify(null),
    };
    if (event.key === " " && !event.target.matches("button, input")) moves[" "] = toggle;
    if (!moves[event.key] || event.target.matches(".drag")) return;
    event.preventDefault();
    moves[event.key]();
  }

  function load(changed, k) {
    const rowsBefore = rows.children.length === changed.nodes.length;
    const known = pattern && rowsBefore; // an edit changes numbers alone
    data = changed;
    drawn = [];
    if (!known) {
      pattern = tokens(data.nodes.map((node) => node.name));
      uses = usesOf(data);
      showChapters();
    }
    slider.max = last();
    root.style.setProperty("--turn", `${(100 * (data.nodes.length - 0.5)) / Math.max(last(), 1)}%`);
    graph.setAttribute("aria-label", `Computation graph of ${data.name}, ${data.nodes.length} nodes`);
    picture.load(data);
    if (!rowsBefore) rows.replaceChildren(...data.nodes.map((node) => create("tr", {},
      create("th", { scope: "row" }, node.name),
      create("td", { class: "operation" }, node.operation || "leaf"),
      create("td"),
      create("td"))));
    show(k, true);
  }

  function complain(text) {
    drawn = []; // so that the refused text gives way to the number
    showNumbers(position);
    for (const earlier of formula.querySelectorAll(".problem")) earlier.remove();
    formula.prepend(create("p", { class: "problem", role: "alert" }, text));
  }

  // The picture goes to the clipboard, or where there is none, as in some frames, into a file.
  async function copied(event) {
    const text = picture.standalone();
    if (text === null) return complain(data.note);
    const own = event.currentTarget;
    try {
      await navigator.clipboard.writeText(text);
      own.textContent = "Copied";
    } catch {
      const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
      create("a", { href: url, download: `step-${position}.svg` }).click();
      URL.revokeObjectURL(url);
      own.textContent = "Saved";
    }
    setTimeout(() => { own.textContent = "Copy this step as SVG"; }, 1500);
  }

  // What the pointer is at lights up wherever it stands: in the formula, the picture and the table.
  function pointed({ target }) {
    const symbol = target.closest("[data-node]");
    const i = symbol ? data.nodes.findIndex((node) => node.name === symbol.dataset.node)
      : graph.contains(target) ? picture.at(target)
        : [...rows.children].findIndex((row) => row.contains(target));
    for (const element of root.querySelectorAll(".pointed")) element.classList.remove("pointed");
    if (i < 0) return;
    const symbols = formula.querySelectorAll(`[data-node="${CSS.escape(data.nodes[i].name)}"]`);
    for (const element of [picture.place(i), rows.children[i], ...symbols]) element?.classList.add("pointed");
  }

  root.addEventListener("pointerover", pointed);
  root.addEventListener("pointerleave", () => pointed({ target: root }));
  graph.addEventListener("click", (event) => {
    const i = picture.at(event.target);
    if (i < 0) return;
    if (event.shiftKey) {
      if (!stops.delete(i)) stops.add(i);
      return picture.show(position, { moving, stops });
    }
    const back = data.steps.findIndex(({ node }, k) => node === i && k >= data.nodes.length);
    show(phaseAt(data, position) === "backward" && back >= 0 ? back : i);
  });
  el.append(root);
  el.addEventListener("keydown", keyed);
  pressed();
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
