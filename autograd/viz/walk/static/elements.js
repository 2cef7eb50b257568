// The elements that the page is made of, and the numbers that people read and type.

export function create(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function svgElement(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// A number is a text; an array has its `shape` and either `rows` of texts or a `summary`.
export const parsed = (text) => Number(text.replaceAll("−", "-"));

export const isOdd = (number) => typeof number === "string" && !Number.isFinite(parsed(number));

function heat(text, largest) {
  const x = parsed(text);
  if (!Number.isFinite(x)) return "var(--odd)";
  const share = Math.round(62 * Math.sqrt(Math.abs(x) / largest));
  return `color-mix(in srgb, var(${x < 0 ? "--negative" : "--positive"}) ${share}%, transparent)`;
}

/** A number, or an array as a table coloured by size; with `onCell` to be edited. */
export function quantity(number, name, onCell) {
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
