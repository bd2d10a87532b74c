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

// What comes after a seed: each symbol, its surprise in nats, and what may come after it.
function* letters(seed, length, temperature, randomSeed) {
  const random = randomNumbers(randomSeed);
  const { ids } = encode(seed);
  if (ids.length === 0) ids.push(idOf.get("\n") ?? 0);
  let now = network.forward(MODEL, ids).at(-1);
  for (let k = 0; k < length; k++) {
    const id = draw(now.logits, temperature, random());
    const nats = -Math.log(network.softmax(now.logits)[id]);
    now = network.step(MODEL, id, now.state);
    yield { symbol: MODEL.symbols[id], nats, logits: now.logits };
  }
}

function* generate(...how) {
  for (const { symbol } of letters(...how)) yield symbol;
}

// ---- the page ----

const PACE = 40; // milliseconds a letter, when the page writes by itself
const COLORED = 4000; // letters that show their surprise; a longer text would slow the page down
const SIGNS = { "\n": "↵", " ": "␣", "\t": "⇥" };
const at = (id) => document.getElementById(id);
const bars = Array.from({ length: 9 }, () => {
  const bar = { box: document.createElement("div"), fill: document.createElement("i"), name: document.createElement("span") };
  bar.box.append(bar.fill, bar.name);
  at("bars").append(bar.box);
  return bar;
});
let run = 0; // the number of the run that may write; a new run or Stop ends the one before

function show(logits) {
  const chances = Array.from(network.softmax(logits, Math.max(Number(at("temperature").value), 0.05)));
  const order = chances.map((_, i) => i).sort((a, b) => chances[b] - chances[a]);
  bars.forEach(({ fill, name }, place) => {
    const symbol = MODEL.symbols[order[place]];
    fill.style.height = `${symbol === undefined ? 0 : Math.max(1, 100 * chances[order[place]])}%`;
    name.textContent = SIGNS[symbol] ?? symbol ?? "";
  });
}

function append({ symbol, nats }) {
  if (at("written").childElementCount >= COLORED) return at("written").append(symbol);
  const letter = document.createElement("span");
  letter.textContent = symbol;
  letter.style.backgroundColor = `color-mix(in srgb, var(--surprise) ${Math.round(Math.min(1, nats / 6) * 60)}%, transparent)`;
  at("written").append(letter);
}

function write(pace = 0) {
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
  const text = letters(seed, length, number("temperature"), number("random_seed"));
  let due = 0;
  const frame = (time) => {
    if (mine !== run) return;
    const end = performance.now() + 12; // milliseconds: a frame of 16 keeps the page awake
    let last = null, next = { done: false };
    while (!next.done && performance.now() < end && time >= due) {
      next = text.next();
      if (!next.done) append((last = next.value));
      due = pace ? time + pace : due;
    }
    if (last) show(last.logits);
    if (next.done) stop();
    else requestAnimationFrame(frame);
  };
  frame(performance.now());
}

function stop() {
  run++;
  at("stop").disabled = true;
}

for (const id of ["title", "summary"]) at(id).textContent = MODEL[id];
document.title = MODEL.title;
at("seed").value = MODEL.seed;
at("temperature").oninput = () => (at("degrees").textContent = at("temperature").value);
at("write").onclick = () => write();
at("stop").onclick = stop;
at("random_seed").value = 1 + Math.floor(Math.random() * 9999); // every opening another text
write(matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : PACE);
