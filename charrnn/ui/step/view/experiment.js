// A network and a word: read it step by step, hold gates, go backwards, update. Plain data.

class Experiment {
  // model: as network.js wants it. ids: the word. endless: keep the memory from pass to pass, as
  // the recipe `notebook` does.
  constructor(model, ids, { rate = 2, clip = 0.5, endless = false } = {}) {
    Object.assign(this, { first: model, ids, rate, clip, endless });
    this.held = new Map();
    this.restart();
  }

  get inputs() { return this.ids.slice(0, -1); }

  get targets() { return this.ids.slice(1); }

  get phases() {
    const P = numbers.PHASES;
    return Object.values(P).filter((phase) => this.model.cell !== 'rnn' || phase !== P.state);
  }

  restart() {
    this.model = this.first;
    this.begin = network.initialState(this.model);
    this.past = [];
    this.losses = [];
    this.norms = [];
    this.read();
    this.losses.push(this.loss);
  }

  // Forward through the whole word, with the gates that are held.
  read() {
    const hold = this.held.size
      ? (layer, gate, unit, value) => this.held.get(`${layer} ${gate} ${unit}`) ?? value : null;
    this.steps = network.forward(this.model, this.inputs, this.begin, null, hold);
    this.loss = network.loss(this.steps, this.targets);
  }

  hold(layer, gate, unit, value) {
    this.held.set(`${layer} ${gate} ${unit}`, Math.min(1, Math.max(0, value)));
    this.read();
  }

  release(layer, gate, unit) {
    if (layer === undefined) this.held.clear();
    else this.held.delete(`${layer} ${gate} ${unit}`);
    this.read();
  }

  // The place after one more moment of the step, or before it: [t, phase], or null at the ends.
  moved(t, phase, by) {
    const { phases } = this, at = t * phases.length + phases.indexOf(phase) + by;
    if (at < 0 || at >= this.steps.length * phases.length) return null;
    return [Math.floor(at / phases.length), phases[at % phases.length]];
  }

  // The loss at one letter, sent back: for each step and layer the gradient at its hidden state,
  // its length, and its length beside that of the step where it started; for an LSTM its cell too.
  backward(t) {
    const weights = this.steps.map((_, k) => (k === t ? 1 : 0));
    const { arrived, cells } = network.backward(this.model, this.steps, this.targets, weights);
    const top = this.model.layers - 1;
    const measured = (gradients) => {
      const lengths = gradients.map((layers) => Math.hypot(...layers[top]));
      return { arrived: gradients.map((layers) => layers[top]), lengths, shares: lengths.map((length) => length / lengths[t]) };
    };
    return { ...measured(arrived), ...(this.model.cell === 'lstm' ? { cell: measured(cells) } : {}) };
  }

  // The gradient of the mean loss over the word; the weights move by rate x gradient against it.
  update() {
    const { gradient } = network.backward(this.model, this.steps, this.targets);
    const { model, norm, scale } = network.update(this.model, gradient, this.rate, this.clip);
    this.past.push([this.model, this.begin]);
    if (this.endless) this.begin = this.steps[this.steps.length - 1].state;
    this.model = model;
    this.norms.push({ norm, scale });
    this.read();
    this.losses.push(this.loss);
  }

  undo() {
    if (!this.past.length) return;
    [this.model, this.begin] = this.past.pop();
    this.norms.pop();
    this.losses.pop();
    this.read();
  }

  // The first update after which the loss was clearly above that of the first weights, or null.
  explosion() {
    const at = this.losses.findIndex((loss, k) => k > 0 && !(loss <= 1.1 * this.losses[0]));
    return at < 0 ? null : { update: at, ...this.norms[at - 1] };
  }

  // The letters it thinks likeliest, one after each step.
  guesses() {
    return this.steps.map(({ logits }) => logits.indexOf(logits.reduce((a, b) => Math.max(a, b))));
  }
}

// A window into a network: everything of a small one, else its `most` most active units and the
// letters that matter for this step.
function windowOf(model, steps, t, layer, most = 8) {
  const all = (n) => Array.from({ length: n }, (_, i) => i), V = model.symbols.length;
  const active = (which) => {
    const total = new Float64Array(model.hidden_size);
    for (const step of steps) step.layers[which].next[0].forEach((v, u) => { total[u] += Math.abs(v); });
    return all(model.hidden_size).sort((a, b) => total[b] - total[a] || a - b).slice(0, most).sort((a, b) => a - b);
  };
  const few = (which) => (model.hidden_size <= 10 ? all(model.hidden_size) : active(which));
  const { id, logits } = steps[t], likeliest = all(V).sort((a, b) => logits[b] - logits[a] || a - b);
  const target = t + 1 < steps.length ? [steps[t + 1].id] : [];
  const some = (needed, n) => [...new Set([...needed, ...likeliest])].slice(0, n).sort((a, b) => a - b);
  return {
    units: few(layer),
    inputs: layer ? few(layer - 1) : V <= 10 ? all(V) : some([id], most),
    outputs: V <= 10 ? all(V) : some(target, most),
  };
}

// ---- first weights, drawn in the browser for a word of one's own ----

// The engine's rule (charrnn/network/initialization.py, orthogonal) with other random numbers.
function firstModel(cell, symbols, H, seed = 1) {
  const uniform = randomUniform(seed), G = network.CELLS[cell].gates.length, V = symbols.length;
  const draw = (n, f) => Float64Array.from({ length: n }, f), bound = H ** -0.5;
  const parameters = {
    Wxh0: draw(G * H * V, () => (2 * uniform() - 1) * bound),
    Whh0: draw(0, () => 0),
    bh0: draw(G * H, (_, i) => (cell === 'lstm' && Math.floor(i / H) === 1 ? 1 : 0)),
  };
  const blocks = Array.from({ length: G }, () => orthogonalMatrix(H, uniform));
  parameters.Whh0 = Float64Array.from(blocks.flat());
  if (cell === 'gru') parameters.bhh0 = draw(H * G, () => 0);
  parameters.Why = draw(V * H, () => (2 * uniform() - 1) * bound);
  parameters.by = draw(V, () => 0);
  return { cell, hidden_size: H, layers: 1, symbols, parameters };
}

// Numbers in [0, 1) that start at a seed: mulberry32, public domain.
function randomUniform(seed) {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// Rows of normal numbers, made orthogonal one after another (Gram-Schmidt), row by row.
function orthogonalMatrix(H, uniform) {
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const rows = [];
  while (rows.length < H) {
    const row = Array.from({ length: H }, normal);
    for (const other of rows) {
      const along = row.reduce((sum, v, j) => sum + v * other[j], 0);
      row.forEach((v, j) => { row[j] = v - along * other[j]; });
    }
    const length = Math.hypot(...row);
    if (length > 1e-6) rows.push(row.map((v) => v / length));
  }
  return rows.flat();
}
