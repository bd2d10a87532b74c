// Plays a model that charrnn trained. The network is in network.js; cleaning, symbols and the
// sampling rule are in rules.js. Both come before this file in the page.

const MODEL = JSON.parse(document.getElementById("model").textContent);
MODEL.parameters = network.unpack(MODEL.weights, MODEL.shapes);
const idOf = new Map(MODEL.symbols.map((symbol, i) => [symbol, i]));
const encode = (text) => rules.encode(text, MODEL, idOf);

// A generator of numbers in [0, 1) that starts at a given number: mulberry32, public domain.
function randomNumbers(a) {
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// The id that a random number u in [0, 1) falls on. The unknown symbol is never drawn.
function draw(logits, temperature, u) {
  const unknown = idOf.get(rules.UNKNOWN);
  if (unknown !== undefined && logits.length > 1) logits[unknown] = -Infinity;
  return rules.draw(rules.weights(logits, { temperature }), u);
}

function* generate(seed, length, temperature, randomSeed) {
  const random = randomNumbers(randomSeed);
  const { ids } = encode(seed);
  if (ids.length === 0) ids.push(idOf.get("\n") ?? 0);
  let now = network.forward(MODEL, ids).at(-1);
  for (let k = 0; k < length; k++) {
    const id = draw(now.logits, temperature, random());
    yield MODEL.symbols[id];
    now = network.step(MODEL, id, now.state);
  }
}

// ---- the page ----

const at = (id) => document.getElementById(id);
let run = 0; // the number of the run that may write; a new run or Stop ends the one before

function write() {
  const mine = ++run;
  const seed = at("seed").value;
  const { missing } = encode(seed);
  const fate = idOf.has(rules.UNKNOWN) ? "Read as “unknown”" : "Left out";
  at("note").textContent = missing.length
    ? fate + ", for the model never saw them: " + missing.map((s) => JSON.stringify(s)).join(", ")
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

for (const id of ["title", "summary"]) at(id).textContent = MODEL[id];
document.title = MODEL.title;
at("seed").value = MODEL.seed;
at("temperature").oninput = () => (at("degrees").textContent = at("temperature").value);
at("write").onclick = write;
at("stop").onclick = stop;
