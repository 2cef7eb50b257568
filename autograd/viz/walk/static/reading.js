// What is known at a step, read off the data that autograd/viz/walk/page.py writes. A gradient so far
// is the last entry of its history up to that step, as it is in Python.
import { isOdd, parsed } from "./elements.js";

/**
 * A number is a text; an array has its `shape` and either `rows` of texts or a `summary`.
 * @typedef {string | {shape: string, rows?: string[][], summary?: string}} Quantity
 *
 * @typedef {Object} Node
 * @property {string} name
 * @property {string} operation how it was made, "" for a leaf
 * @property {string} [row] of the table
 * @property {(number | Quantity)[]} operands places of nodes, or constants
 * @property {Quantity} value
 * @property {[number, Quantity][]} history its gradient from each step on
 * @property {string} [id] of its box in the picture
 * @property {{value: Quantity | null, history: [number, Quantity][]}} [before] an edit
 *
 * @typedef {Object} Line what a step computes, or sends to the node `to`
 * @property {number} to
 * @property {string} name
 * @property {string[]} sides the formula in names, then in numbers
 * @property {string} [local] the local derivative
 * @property {Quantity} [result] what is sent, where the gradient is a sum of more
 *
 * @typedef {Object} Data
 * @property {string} name of the root
 * @property {Node[]} nodes
 * @property {{node: number, lines: Line[], source?: string}[]} steps
 * @property {Record<string, string>} says how a gradient passes through a row
 * @property {string} svg
 * @property {string} note why there is no picture
 * @property {string} [still] why the page does not compute
 */

export const phaseAt = (data, k) => (k < data.nodes.length ? "forward" : "backward");

export function latest(node, k) {
  let found = null;
  for (const [from, gradient] of node.history) {
    if (from > k) break;
    found = gradient;
  }
  return found;
}

// The steps in which something arrives, for each node.
export function usesOf(data) {
  const found = data.nodes.map(() => []);
  data.steps.forEach((step, k) => {
    if (phaseAt(data, k) === "backward") for (const { to } of step.lines) found[to].push(k);
  });
  return found;
}

// The usual slips, by their names.
export function slip(data, number, right, node, line, k) {
  const near = (x) => Math.abs(number - x) <= 0.01 * Math.abs(x);
  if (near(-right)) return "The size is right; look at the sign.";
  if (phaseAt(data, k) === "backward" && line.local !== undefined) {
    if (near(parsed(line.local))) return "That is the local derivative alone; the upstream gradient is a factor, too.";
    if (near(parsed(latest(node, k)))) return "That is the upstream gradient alone; the local derivative is a factor, too.";
    if (near(parsed(latest(data.nodes[line.to], k)))) return "That is the sum so far; asked is what this use adds to it.";
  }
  if ([10, 100, 0.1, 0.01].some((x) => near(x * right))) return "The digits are right; look at the decimal point.";
  return "Not yet: put the numbers into the formula.";
}

// What is not finite in this step, though nothing that went into it was.
export function startsHere(data, k) {
  const { node: i, lines } = data.steps[k];
  const node = data.nodes[i];
  if (phaseAt(data, k) === "forward") {
    const before = node.operands.map((x) => (typeof x === "number" ? data.nodes[x].value : x));
    return node.operation && isOdd(node.value) && !before.some(isOdd) ? node.value : null;
  }
  if (isOdd(latest(node, k)) || isOdd(node.value)) return null;
  return lines.map((line) => line.result ?? latest(data.nodes[line.to], k)).find(isOdd) ?? null;
}

// The steps of named results, forward and back, and of the first input in each pass.
export function chapterSteps(data) {
  const named = (i) => data.nodes[i].operation && !/^v\d+$/.test(data.nodes[i].name);
  return data.steps.flatMap(({ node }, k) => (named(node) ? [[k, data.nodes[node].name]] : []));
}
