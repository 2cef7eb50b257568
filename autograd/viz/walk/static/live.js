// A page that computes: both passes over a recorded graph of single numbers, without Python.
//
// `live` is what autograd/viz/walk/live.py writes: `graph`, for each node its number or
// [row, operands] (an operand is a node's place, or [constant]); `rows` with forwards and rules, which
// the table itself has written; and `lines`, the texts of the steps, with slots for numbers.

/** The error function, to 15 digits: a series near 0, a continued fraction elsewhere. */
export function erf(x) {
  const size = Math.abs(x);
  if (!(size < 6)) return Math.sign(x);
  if (size < 2.5) {
    let sum = x, term = x;
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (size + fraction)));
}

/** Python's `%`: of the sign of the divisor. */
export function mod(x, y) {
  const rest = x % y;
  return rest && rest < 0 !== y < 0 ? rest + y : rest;
}

/** x / √(x² + y²); 0 at the origin, ±1 where x alone is infinite. */
export function direction(x, y) {
  const infinite = Math.abs(x) === Infinity;
  const [a, b] = infinite ? [Math.sign(x), Math.abs(y) === Infinity ? 1 : 0] : [x, y];
  const distance = Math.hypot(a, b);
  return a / (distance === 0 ? 1 : distance);
}

/** C's power, which is 1 for 1 whatever the exponent. */
export function pow(x, y) {
  const one = x === 1 || (x === -1 && Math.abs(y) === Infinity);
  return one ? 1 : Math.pow(x, y);
}

/** "1.23457e+2" of 6 digits; halves go to the even digit, as in Python. */
function sixDigits(x) {
  const exact = x.toExponential(60);
  const half = /^(-?\d\.\d{4}[02468])50*(e.*)$/.exec(exact);
  return half ? half[1] + half[2] : x.toExponential(5);
}

/** A number as the library shows it: Python's f"{x:.6g}", with a true minus sign. */
export function numberText(x) {
  if (Number.isNaN(x)) return "nan";
  if (!Number.isFinite(x)) return x > 0 ? "inf" : "−inf";
  if (x === 0) return Object.is(x, -0) ? "−0" : "0";
  const [digits, power] = sixDigits(x).split("e");
  const exponent = Number(power);
  const small = exponent < -4 || exponent >= 6;
  const plain = small ? digits : Number(`${digits}e${power}`).toFixed(5 - exponent);
  const shown = plain.includes(".") ? plain.replace(/\.?0+$/, "") : plain;
  const size = String(Math.abs(exponent)).padStart(2, "0");
  return (small ? `${shown}e${exponent < 0 ? "-" : "+"}${size}` : shown).replaceAll("-", "−");
}

/** A line with the numbers in its slots: ⟨v3⟩, or ⟪v3⟫ with brackets where it is negative. */
function filled(line, { values, sums }) {
  return line
    .replace(/[⟨⟪]([vg])(\d+)([⟩⟫])/g, (_, kind, place, end) => {
      const text = numberText((kind === "v" ? values : sums)[place]);
      return end === "⟫" && text.startsWith("−") ? `(${text})` : text;
    })
    .replace(/\^1(?![\d.e])/g, "");
}

/**
 * @typedef {Object} Live
 * @property {(number | [number, (number | [number])[]])[]} graph
 * @property {{f: (x: number[]) => number, r: (null | ((g: number, out: number, x: number[]) => number))[], k?: number}[]} rows
 * @property {string[][]} lines
 * @property {number} seed
 */

/** What a page shows (see stepper.js), computed for these numbers of the leaves. */
export function computed(data, live, leaves) {
  const count = live.graph.length;
  const values = [], histories = live.graph.map(() => []);
  const sums = Array(count).fill(null);
  const given = (node) => node[1].map((x) => (typeof x === "number" ? values[x] : x[0]));
  live.graph.forEach((node, i) =>
    values.push(typeof node === "number" ? leaves[i] : live.rows[node[0]].f(given(node))));

  function arrive(i, position, sent) {
    sums[i] = sums[i] === null ? sent : sums[i] + sent;
    const history = histories[i];
    if (history.length && history.at(-1)[0] === position) history.pop();
    history.push([position, numberText(sums[i])]);
  }

  arrive(count - 1, count, live.seed);
  const steps = data.steps.map((step, k) => {
    const i = step.node, node = live.graph[i], found = [];
    if (k >= count && typeof node !== "number") {
      const row = live.rows[node[0]], x = given(node);
      row.r.forEach((rule, j) => {
        const to = node[1][j];
        if (!rule || typeof to !== "number") return;
        let sent = rule(sums[i], values[i], x);
        if (Number.isNaN(sent) && sums[i] === 0 && !row.k) sent = 0; // a branch that is not taken
        found.push(sent);
        arrive(to, k, sent);
      });
    }
    const x = typeof node === "number" ? [] : given(node);
    const locals = k < count || typeof node === "number" ? [] : live.rows[node[0]].r
      .filter((rule, j) => rule && typeof node[1][j] === "number")
      .map((rule) => numberText(rule(1, values[i], x)));
    const lines = step.lines.map(({ to, name, sides: [symbols] }, j) => {
      const sides = [...new Set([symbols, filled(live.lines[k][j], { values, sums })])];
      const result = k < count ? undefined : numberText(found[j]);
      const whole = k < count || result === histories[to].at(-1)[1];
      const line = k < count ? { to, name, sides } : { to, name, sides, local: locals[j] };
      return whole ? line : { ...line, result };
    });
    return { ...step, lines };
  });
  const nodes = data.nodes.map((node, i) => ({
    ...node, value: numberText(values[i]), history: histories[i],
  }));
  return { data: { ...data, nodes, steps }, values, gradients: sums };
}
