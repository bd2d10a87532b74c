'use strict';
// A recurrent network in plain JavaScript: forward, loss, backward and update, the same lines as
// charrnn/network/. It touches no page, so the exported page, the demo and the tests all share it.
//
// A model is { cell, hidden_size, layers, symbols, parameters }, with a typed array for each
// parameter, stored row by row. A state has an array of typed arrays for each layer: the hidden
// state, and for an LSTM the cell state after it. Nothing is kept between two calls.

const network = (() => {
  const sigmoid = (a) => 1 / (1 + Math.exp(-a));
  const vector = (length, f) => Float64Array.from({ length }, (_, j) => f(j));

  // ---- products ----

  // W v + b, with W (rows, columns)
  function affine(W, v, b) {
    const columns = v.length, y = Float64Array.from(b);
    for (let i = 0, k = 0; i < y.length; i++) {
      let sum = 0;
      for (let j = 0; j < columns; j++, k++) sum += W[k] * v[j];
      y[i] += sum;
    }
    return y;
  }

  // The same for a one-hot v: the product is one column of W.
  function column(W, id, b) {
    const y = Float64Array.from(b), columns = W.length / b.length;
    for (let i = 0; i < y.length; i++) y[i] += W[i * columns + id];
    return y;
  }

  // W^T d, with W (d.length, columns)
  function transposed(W, d, columns) {
    const y = new Float64Array(columns);
    for (let i = 0, k = 0; i < d.length; i++) {
      for (let j = 0; j < columns; j++, k++) y[j] += W[k] * d[i];
    }
    return y;
  }

  const add = (to, from) => { for (let i = 0; i < to.length; i++) to[i] += from[i]; };

  // dW += d v^T
  function addOuter(dW, d, v) {
    for (let i = 0, k = 0; i < d.length; i++) {
      for (let j = 0; j < v.length; j++, k++) dW[k] += d[i] * v[j];
    }
  }

  // ---- cells: element-wise math for one step ----
  //
  // activate(x, h, hold) takes the input's and the state's share of every gate, one gate after
  // another, and returns the gates; hold(gate, unit, value) may put another value in a gate's place.
  // next(gates, previous) returns the state. backward(dnext, gates, previous, next) returns the
  // gradients of x, of h, of what reaches the previous state directly, and for an LSTM of its cell.

  const CELLS = {
    rnn: {
      gates: ['h'],
      activate: (x, h, hold) => [vector(x.length, (j) => hold(0, j, Math.tanh(x[j] + h[j])))],
      next: ([h]) => [h],
      backward([dh], gates, previous, [next]) {
        const dx = vector(dh.length, (j) => dh[j] * (1 - next[j] * next[j]));
        return { dx, dh: dx, dprevious: [new Float64Array(dh.length)] };
      },
    },
    lstm: {
      gates: ['i', 'f', 'o', 'g'],
      activate(x, h, hold) {
        const H = x.length / 4;
        const gate = (squash, k) => vector(H, (j) => hold(k, j, squash(x[k * H + j] + h[k * H + j])));
        return [sigmoid, sigmoid, sigmoid, Math.tanh].map(gate);
      },
      next([i, f, o, g], [, c]) {
        const cell = vector(c.length, (j) => f[j] * c[j] + i[j] * g[j]);
        return [vector(c.length, (j) => o[j] * Math.tanh(cell[j])), cell];
      },
      backward([dh, dc], [i, f, o, g], [, c], [, cell]) {
        const H = dh.length, dx = new Float64Array(4 * H), dcell = new Float64Array(H), direct = new Float64Array(H);
        for (let j = 0; j < H; j++) {
          const squashed = Math.tanh(cell[j]);
          const d = dc[j] + dh[j] * o[j] * (1 - squashed * squashed);
          dcell[j] = d;
          dx[j] = d * g[j] * i[j] * (1 - i[j]);
          dx[H + j] = d * c[j] * f[j] * (1 - f[j]);
          dx[2 * H + j] = dh[j] * squashed * o[j] * (1 - o[j]);
          dx[3 * H + j] = d * i[j] * (1 - g[j] * g[j]);
          direct[j] = d * f[j];
        }
        return { dx, dh: dx, dcell, dprevious: [new Float64Array(H), direct] };
      },
    },
    gru: {
      gates: ['r', 'z', 'n'],
      activate(x, h, hold) {
        const H = x.length / 3;
        const gate = (k) => vector(H, (j) => hold(k, j, sigmoid(x[k * H + j] + h[k * H + j])));
        const r = gate(0), z = gate(1);
        const n = vector(H, (j) => hold(2, j, Math.tanh(x[2 * H + j] + r[j] * h[2 * H + j])));
        return [r, z, n];
      },
      next: ([, z, n], [before]) => [vector(n.length, (j) => n[j] + z[j] * (before[j] - n[j]))],
      backward([dnext], [r, z, n], [before], next, h) {
        const H = dnext.length, dx = new Float64Array(3 * H), direct = new Float64Array(H);
        for (let j = 0; j < H; j++) {
          dx[2 * H + j] = dnext[j] * (1 - z[j]) * (1 - n[j] * n[j]);
          dx[j] = dx[2 * H + j] * h[2 * H + j] * r[j] * (1 - r[j]);
          dx[H + j] = dnext[j] * (before[j] - n[j]) * z[j] * (1 - z[j]);
          direct[j] = dnext[j] * z[j];
        }
        const dh = dx.slice();
        for (let j = 0; j < H; j++) dh[2 * H + j] *= r[j];
        return { dx, dh, dprevious: [direct] };
      },
    },
  };

  // ---- forward ----

  function initialState(model) {
    const states = model.cell === 'lstm' ? 2 : 1;
    const zeros = () => new Float64Array(model.hidden_size);
    return Array.from({ length: model.layers }, () => Array.from({ length: states }, zeros));
  }

  // One character: its id and the state to the logits of the next one, the new state, and for
  // each layer everything in between. clamp(layer, gates, next, previous) may change the state as
  // it arises, hold(layer, gate, unit, value) a gate; through a gate that it changed, no gradient flows.
  function step(model, id, state, clamp = null, hold = null) {
    const p = model.parameters, layers = [];
    let input = null;
    state.forEach((previous, layer) => {
      const bh = p[`bh${layer}`], bhh = p[`bhh${layer}`] || new Float32Array(bh.length);
      const Wxh = p[`Wxh${layer}`];
      const x = layer === 0 ? column(Wxh, id, bh) : affine(Wxh, input, bh);
      const h = affine(p[`Whh${layer}`], previous[0], bhh);
      const held = [];
      const gates = CELLS[model.cell].activate(x, h, (gate, unit, value) => {
        const kept = hold ? hold(layer, gate, unit, value) : value;
        if (kept !== value) held.push(gate * model.hidden_size + unit);
        return kept;
      });
      let next = CELLS[model.cell].next(gates, previous);
      if (clamp) next = clamp(layer, gates, next, previous) || next;
      layers.push({ input, x, h, gates, held, previous, next });
      input = next[0];
    });
    const logits = affine(p.Why, input, p.by);
    return { id, logits, state: layers.map((layer) => layer.next), layers };
  }

  // A text of ids: a step for each.
  function forward(model, ids, state = initialState(model), clamp = null, hold = null) {
    return ids.map((id) => {
      const read = step(model, id, state, clamp, hold);
      state = read.state;
      return read;
    });
  }

  function softmax(logits, temperature = 1) {
    const highest = logits.reduce((a, b) => Math.max(a, b));
    const weights = logits.map((y) => Math.exp((y - highest) / temperature));
    const total = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / total);
  }

  // ---- loss, backward, propagate, update ----

  // The mean of -ln p(target) over the steps, in nats per character.
  function loss(steps, targets) {
    const nats = steps.map(({ logits }, t) => -Math.log(softmax(logits)[targets[t]]));
    return nats.reduce((a, b) => a + b, 0) / steps.length;
  }

  // The gradient of the loss at the guesses: every parameter's, by name, and as `propagate` says.
  // Each step's loss counts by its weight; with equal ones, what is differentiated is the mean.
  function backward(model, steps, targets, weights = steps.map(() => 1 / steps.length)) {
    return propagate(model, steps, (t) => {
      const d = softmax(steps[t].logits);
      d[targets[t]] -= 1;
      return d.map((v) => v * weights[t]);
    });
  }

  // Backpropagation through time, from scores(t), the gradient of step t's logits. Besides the
  // parameters' gradients, for each step: what arrives at the hidden state of each layer,
  // arrived[t][layer], at an LSTM's cell, cells[t][layer], and the derivative for the 1 in its
  // one-hot input, inputs[t].
  function propagate(model, steps, scores) {
    const p = model.parameters, H = model.hidden_size, inputs = steps.map(() => 0);
    const gradient = {}, arrived = steps.map(() => []), cells = steps.map(() => []);
    for (const name of Object.keys(p)) gradient[name] = new Float64Array(p[name].length);
    let later = initialState(model); // the gradient of each layer's state, from the steps after
    for (let t = steps.length - 1; t >= 0; t--) {
      const { id, layers } = steps[t];
      const dlogits = scores(t);
      addOuter(gradient.Why, dlogits, layers[layers.length - 1].next[0]);
      add(gradient.by, dlogits);
      let d = transposed(p.Why, dlogits, H);
      const earlier = [];
      for (let layer = layers.length - 1; layer >= 0; layer--) {
        const { input, gates, held, previous, next, h } = layers[layer];
        const [dhidden, ...others] = later[layer];
        add(d, dhidden);
        arrived[t][layer] = d;
        const { dx, dh, dcell, dprevious } = CELLS[model.cell].backward([d, ...others], gates, previous, next, h);
        if (dcell) cells[t][layer] = dcell;
        for (const i of held) { dx[i] = 0; dh[i] = 0; }
        const dW = gradient[`Wxh${layer}`];
        if (layer) addOuter(dW, dx, input);
        else for (let i = 0, columns = dW.length / dx.length; i < dx.length; i++) {
          dW[i * columns + id] += dx[i];
          inputs[t] += dx[i] * p.Wxh0[i * columns + id];
        }
        addOuter(gradient[`Whh${layer}`], dh, previous[0]);
        add(gradient[`bh${layer}`], dx);
        if (gradient[`bhh${layer}`]) add(gradient[`bhh${layer}`], dh);
        add(dprevious[0], transposed(p[`Whh${layer}`], dh, H));
        earlier[layer] = dprevious;
        d = layer ? transposed(p[`Wxh${layer}`], dx, H) : null;
      }
      later = earlier;
    }
    return { gradient, arrived, cells, inputs };
  }

  // Plain gradient descent: returns a model with new weights, and the norm of the gradient. Where
  // clip is not 0 and the norm is beyond it, the gradient is shortened to that length first.
  function update(model, gradient, rate, clip = 0) {
    let squares = 0;
    for (const d of Object.values(gradient)) for (const g of d) squares += g * g;
    const norm = Math.sqrt(squares), scale = clip && norm > clip ? clip / norm : 1;
    const parameters = {};
    for (const [name, weights] of Object.entries(model.parameters)) {
      const d = gradient[name];
      parameters[name] = Float64Array.from(weights, (w, i) => w - rate * scale * d[i]);
    }
    return { model: { ...model, parameters }, norm, scale };
  }

  // Weights from base64, little-endian numbers in the order of shapes: [name, shape] each.
  function unpack(base64, shapes, type = 'float32') {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const numbers = new DataView(bytes.buffer), arrays = {};
    const width = { float16: 2, float32: 4 }[type];
    const read = {
      float16: (at) => half(numbers.getUint16(at, true)),
      float32: (at) => numbers.getFloat32(at, true),
    }[type];
    let at = 0;
    for (const [name, shape] of shapes) {
      const array = new Float32Array(shape.reduce((a, b) => a * b));
      for (let i = 0; i < array.length; i++, at += width) array[i] = read(at);
      arrays[name] = array;
    }
    return arrays;
  }

  // Weights of six bits, -31 to 31 steps of their row: one character of base64's alphabet each.
  // Shapes are [name, shape, steps].
  function unpackSixBits(characters, shapes) {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const levels = new Map(Array.from(alphabet, (character, i) => [character, i - 31]));
    const arrays = {};
    let at = 0;
    for (const [name, [rows, columns = 1], steps] of shapes) {
      const array = new Float32Array(rows * columns);
      for (let i = 0; i < array.length; i++, at++) {
        array[i] = levels.get(characters[at]) * steps[Math.floor(i / columns)];
      }
      arrays[name] = array;
    }
    return arrays;
  }

  // A float16 by its bits: sign, five bits of exponent, ten of fraction.
  function half(bits) {
    const exponent = (bits >> 10) & 31, fraction = bits & 1023, sign = bits >> 15 ? -1 : 1;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
  }

  return { CELLS, initialState, step, forward, softmax, loss, backward, propagate, update, unpack, unpackSixBits };
})();
