// Formulas as MathML, which browsers show by themselves. A formula comes as the library writes it in
// text, such as "∂E/∂v7 × (1 − h1)"; names are the graph's own, as labels may hold anything.

const MATHML = "http://www.w3.org/1998/Math/MathML";

function math(tag, ...children) {
  const element = /** @type {MathMLElement} */ (document.createElementNS(MATHML, tag));
  element.append(...children);
  return element;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/** What splits formulas over these names into tokens. */
export function tokens(names) {
  const longestFirst = [...new Set(names)].sort((a, b) => b.length - a.length);
  const name = longestFirst.map(escaped).join("|") || "(?!)";
  const number = "(?:(?<=^|\\()−)?(?:\\d+\\.?\\d*(?:e[+-]\\d+)?|inf|nan)(?![\\p{L}\\d])";
  return new RegExp(
    `(?<slope>∂(?<top>${name})/∂(?<below>${name}))|(?<number>${number})|(?<name>(?<![\\p{L}\\d])(?:${name})(?![\\p{L}\\d′]))` +
    `|(?<word>\\p{L}[\\p{L}\\d_]*)|(?<sign>\\S)|\\s+`, "gu");
}

/** A name, which says whom it names; the digits at the end of a letter are its index. */
function named(name) {
  const [, letter, digits] = /^(\p{L})(\d+)$/u.exec(name) ?? [];
  const element = letter ? math("msub", math("mi", letter), math("mn", digits))
    : [...name].length === 1 ? math("mi", name) : math("mtext", name);
  element.dataset.node = name;
  return element;
}

function slope(top, below) {
  return math("mfrac",
    math("mrow", math("mo", "∂"), named(top)), math("mrow", math("mo", "∂"), named(below)));
}

/** v × v at the end of a row becomes v²; not after a division, of which the first v is the divisor. */
function square(/** @type {any} */ row) {
  const [before, first, times, second] = [...Array(3).fill(null), ...row.children].slice(-4);
  if (times?.textContent !== "×" || before?.textContent === "/") return;
  if (first.dataset.node !== second.dataset.node) return;
  times.remove();
  second.remove();
  row.append(raised(first, math("mn", "2")));
}

/** A power; an index and an exponent stand above each other. */
function raised(base, exponent) {
  if (base.localName !== "msub") return math("msup", base, exponent);
  const element = math("msubsup", ...base.children, exponent);
  element.dataset.node = base.dataset.node;
  return element;
}

const WORDS = { "×": "times", "−": "minus", "+": "plus", "/": "divided by", "^": "to the power of", "√": "the root of", "∂": "d" };

/** The formula as somebody would read it out. */
export function spoken(text) {
  const told = text
    .replace(/\((−?[\d.e+-]+)\)/g, "$1") // what is in brackets for its sign alone
    .replace(/(?<=[\p{L}√])\(/gu, " of ").replaceAll("√ of", "√")
    .replaceAll("(", " the quantity ").replaceAll(")", ", ")
    .replace(/[×−+/^√∂]/g, (sign) => ` ${WORDS[sign]} `);
  return told.replace(/\s+/g, " ").replace(/ ?(, ?)+$/, "").replaceAll(" ,", ",").trim();
}

/** The formula as an element; `upstream` is the number that stands for the gradient, if any. */
export function mathematics(text, pattern, upstream) {
  const row = math("mrow");
  let raising = false; // whether the next thing is an exponent
  let waiting = upstream;
  for (const { groups, 0: whole } of text.matchAll(pattern)) {
    let made = null;
    if (groups.slope) made = slope(groups.top, groups.below);
    else if (groups.number) made = math("mn", whole);
    else if (groups.name) made = named(whole);
    else if (groups.word) made = math("mi", whole);
    else if (whole === "^") { raising = true; continue; }
    else if (groups.sign) made = math("mo", whole);
    if (whole === "−" && /^\(?$/.test(row.lastChild?.textContent ?? "")) made?.setAttribute("form", "prefix");
    if (!made) continue;
    if (groups.slope || (waiting !== undefined && whole === waiting)) {
      made.classList.add("upstream");
      waiting = undefined;
    }
    if (raising && row.lastChild && !groups.sign) made = raised(row.lastChild, made);
    else if (raising) row.append(math("mo", "^"));
    raising = false;
    row.append(made);
    if (groups.name) square(row);
  }
  const element = math("math", row);
  element.setAttribute("display", "block");
  return element;
}
