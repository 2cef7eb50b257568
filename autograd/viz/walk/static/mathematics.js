// Formulas as MathML, which browsers show by themselves. A formula comes as the library writes it in
// text, such as "∂E/∂v7 × (1 − h1)"; names are the graph's own, as labels may hold anything.

const MATHML = "http://www.w3.org/1998/Math/MathML";

function math(tag, ...children) {
  const element = document.createElementNS(MATHML, tag);
  element.append(...children);
  return element;
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/** What splits formulas over these names into tokens. */
export function tokens(names) {
  const longestFirst = [...new Set(names)].sort((a, b) => b.length - a.length);
  const name = longestFirst.map(escaped).join("|") || "(?!)";
  const number = "(?:\\d+\\.?\\d*(?:e[+-]\\d+)?|inf|nan)(?![\\p{L}\\d])";
  return new RegExp(
    `(?<slope>∂(?<top>${name})/∂(?<below>${name}))|(?<number>${number})|(?<name>(?<![\\p{L}\\d])(?:${name})(?![\\p{L}\\d′]))` +
    `|(?<word>\\p{L}[\\p{L}\\d_]*)|(?<sign>\\S)|\\s+`, "gu");
}

/** A name; the digits at the end of a letter are its index. */
function named(name) {
  const [, letter, digits] = /^(\p{L})(\d+)$/u.exec(name) ?? [];
  if (letter) return math("msub", math("mi", letter), math("mn", digits));
  return [...name].length === 1 ? math("mi", name) : math("mtext", name);
}

function slope(top, below) {
  return math("mfrac",
    math("mrow", math("mo", "∂"), named(top)), math("mrow", math("mo", "∂"), named(below)));
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
    if (!made) continue;
    if (groups.slope || (waiting !== undefined && whole === waiting)) {
      made.classList.add("upstream");
      waiting = undefined;
    }
    if (raising && row.lastChild && !groups.sign) made = math("msup", row.lastChild, made);
    else if (raising) row.append(math("mo", "^"));
    raising = false;
    row.append(made);
  }
  const element = math("math", row);
  element.setAttribute("display", "block");
  return element;
}
