"use strict";

// Plays a model that charrnn trained: text to ids, the network one character at a time, and a
// draw from what it expects next. The same lines as charrnn/cells/, model.py and sampling.py.

const MODEL = JSON.parse(document.getElementById("model").textContent);

// ---- weights: one base64 string of little-endian float32, in the order of MODEL.shapes ----

function unpack(base64, shapes) {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const numbers = new DataView(bytes.buffer);
  const arrays = {};
  let at = 0;
  for (const [name, shape] of shapes) {
    const array = new Float32Array(shape.reduce((a, b) => a * b));
    for (let i = 0; i < array.length; i++, at += 4) array[i] = numbers.getFloat32(at, true);
    arrays[name] = array;
  }
  return arrays;
}

const p = unpack(MODEL.weights, MODEL.shapes);
const H = MODEL.hidden_size;
const V = MODEL.symbols.length;

// ---- text to ids ----

const CLEANINGS = {
  none: (text) => text,
  lowercase: (text) => text.toLowerCase(),
  letters: (text) => text.toLowerCase().replace(/^\P{L}+|[^\p{L}\p{M}]\P{L}*/gu, " "),
};
const WORD = /[\p{L}\p{N}_][\p{L}\p{N}_\p{M}]*|./gsu; // a word, or one other character

const idOf = new Map(MODEL.symbols.map((symbol, i) => [symbol, i]));
const UNKNOWN = idOf.get("\ufffd"); // stands for every symbol the model never saw, if it is there

function tokens(text) {
  const clean = CLEANINGS[MODEL.cleaning](text);
  return MODEL.words ? clean.match(WORD) || [] : Array.from(clean);
}

function encode(text) {
  const ids = [], missing = new Set();
  for (const token of tokens(text)) {
    const id = idOf.get(token) ?? UNKNOWN;
    if (id === undefined) missing.add(token);
    else ids.push(id);
  }
  return { ids, missing: [...missing] };
}

// ---- the network ----

// y = W v + b, with W (rows, columns) stored row by row
function affine(W, v, b) {
  const columns = v.length;
  const y = Float64Array.from(b);
  for (let i = 0, k = 0; i < y.length; i++) {
    let sum = 0;
    for (let j = 0; j < columns; j++, k++) sum += W[k] * v[j];
    y[i] += sum;
  }
  return y;
}

// The same for a one-hot v: one column of W is all that is left of the product.
function column(W, id, b) {
  const y = Float64Array.from(b);
  for (let i = 0; i < y.length; i++) y[i] += W[i * V + id];
  return y;
}

const sigmoid = (a) => 1 / (1 + Math.exp(-a));
const vector = (f) => Float64Array.from({ length: H }, (_, j) => f(j));

// x and h hold the input's and the state's share of every gate, one gate after another.
const CELLS = {
  rnn: (x, h) => [vector((j) => Math.tanh(x[j] + h[j]))],
  lstm: (x, h, [, cellBefore]) => {
    const gate = (k, j) => x[k * H + j] + h[k * H + j]; // i f o g
    const cell = vector(
      (j) => sigmoid(gate(1, j)) * cellBefore[j] + sigmoid(gate(0, j)) * Math.tanh(gate(3, j)),
    );
    return [vector((j) => sigmoid(gate(2, j)) * Math.tanh(cell[j])), cell];
  },
  gru: (x, h, [before]) => [
    vector((j) => {
      const r = sigmoid(x[j] + h[j]);
      const z = sigmoid(x[H + j] + h[H + j]);
      const n = Math.tanh(x[2 * H + j] + r * h[2 * H + j]);
      return n + z * (before[j] - n);
    }),
  ],
};

const nothing = () => new Float64Array(H);
const initialState = () =>
  Array.from({ length: MODEL.layers }, () => Array.from({ length: MODEL.states }, nothing));

// Read one symbol: its id and the state to the logits (V,) of the next one and the new state.
function step(id, state) {
  const after = [];
  let input = null;
  state.forEach((before, layer) => {
    const Wxh = p["Wxh" + layer], Whh = p["Whh" + layer], bh = p["bh" + layer];
    const x = layer === 0 ? column(Wxh, id, bh) : affine(Wxh, input, bh);
    const bhh = p["bhh" + layer] || new Float32Array(x.length);
    after.push(CELLS[MODEL.cell](x, affine(Whh, before[0], bhh), before));
    input = after[layer][0];
  });
  return { logits: affine(p.Why, input, p.by), state: after };
}

// ---- writing ----

// A generator of numbers in [0, 1) that starts at a given number: mulberry32, public domain.
function randomNumbers(a) {
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// The id that a random number u in [0, 1) falls on; temperature 0 takes the likeliest.
function draw(logits, temperature, u) {
  if (UNKNOWN !== undefined && V > 1) logits[UNKNOWN] = -Infinity;
  const highest = logits.reduce((a, b) => Math.max(a, b));
  if (temperature < 1e-3) return logits.indexOf(highest);
  const weights = logits.map((y) => Math.exp((y - highest) / temperature));
  let left = u * weights.reduce((a, b) => a + b);
  const id = weights.findIndex((weight) => (left -= weight) < 0);
  return id < 0 ? logits.indexOf(highest) : id;
}

function* generate(seed, length, temperature, randomSeed) {
  const random = randomNumbers(randomSeed);
  const { ids } = encode(seed);
  if (ids.length === 0) ids.push(idOf.get("\n") ?? 0);
  let now = { state: initialState() };
  for (const id of ids) now = step(id, now.state);
  for (let k = 0; k < length; k++) {
    const id = draw(now.logits, temperature, random());
    yield MODEL.symbols[id];
    now = step(id, now.state);
  }
}

// ---- the page ----

const at = (id) => document.getElementById(id);
let run = 0; // the number of the run that may write; a new run or Stop ends the one before

function write() {
  const mine = ++run;
  const seed = at("seed").value;
  const { missing } = encode(seed);
  at("note").textContent = missing.length
    ? "Left out, for the model never saw them: " + missing.map((s) => JSON.stringify(s)).join(", ")
    : "";
  at("read").textContent = seed;
  at("written").textContent = "";
  at("stop").disabled = false;
  const number = (id) => Number(at(id).value) || 0;
  const length = Math.min(Math.max(number("length"), 1), 100000);
  const text = generate(seed, length, number("temperature"), number("random_seed"));
  const frame = () => {
    if (mine !== run) return;
    const end = performance.now() + 12; // milliseconds: a frame of 16 keeps the page awake
    let piece = "", next;
    do piece += (next = text.next()).value ?? "";
    while (!next.done && performance.now() < end);
    at("written").append(piece);
    if (next.done) stop();
    else requestAnimationFrame(frame);
  };
  frame();
}

function stop() {
  run++;
  at("stop").disabled = true;
}

for (const id of ["title", "facts"]) at(id).textContent = MODEL[id];
document.title = MODEL.title;
at("seed").value = MODEL.seed;
at("temperature").oninput = () => (at("degrees").textContent = at("temperature").value);
at("write").onclick = write;
at("stop").onclick = stop;
