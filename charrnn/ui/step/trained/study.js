// What can be asked of a trained model: hold a unit while it writes, what each letter gave to a
// guess, which units hold over a span of text. Plain data.

const study = (() => {
  // A clamp for network.step that holds one unit's memory at a value.
  function holding(layer, unit, value) {
    return (at, gates, next) => { if (at === layer) next[0][unit] = value; return next; };
  }

  // Writes n symbols after a seed; the random numbers are the same for the same number.
  function write(model, seed, n, { temperature = 0.7, random = 1, clamp = null } = {}) {
    const uniform = randomUniform(random), unknown = model.symbols.indexOf(rules.UNKNOWN);
    let read = { state: network.initialState(model) };
    for (const id of seed) read = network.step(model, id, read.state, clamp);
    return Array.from({ length: n }, () => {
      const weights = rules.weights(read.logits, { temperature });
      if (unknown >= 0) weights[unknown] = 0;
      const id = rules.draw(weights, uniform());
      read = network.step(model, id, read.state, clamp);
      return id;
    });
  }

  // The ids of the likeliest next symbols, the likeliest first.
  function likeliest(logits, n) {
    return Array.from(logits.keys()).sort((a, b) => logits[b] - logits[a] || a - b).slice(0, n);
  }

  // What each of the letters up to step t gave to the score of symbol k there: the derivative of
  // the score for the 1 in the letter's one-hot column. The last `reach` letters.
  function given(model, steps, t, k, reach = 30) {
    const start = Math.max(0, t + 1 - reach), window = steps.slice(start, t + 1), V = model.symbols.length;
    const { inputs } = network.propagate(model, window, (at) => {
      const d = new Float64Array(V);
      if (at === window.length - 1) d[k] = 1;
      return d;
    });
    return { start, inputs };
  }

  // The units that hold, above `least` or below -least, at every step from a to b, those first
  // that let go just before and just after: [layer, unit, sign].
  function holdingUnits(steps, a, b, least = 0.5) {
    const found = [];
    steps[a].layers.forEach((_, layer) => {
      const at = (t, u) => steps[t].layers[layer].next[0][u], { length } = steps[a].layers[layer].next[0];
      for (let u = 0; u < length; u += 1) {
        const way = Math.sign(at(a, u));
        let weakest = Infinity;
        for (let t = a; t <= b; t += 1) weakest = Math.min(weakest, way * at(t, u));
        if (weakest < least) continue;
        const outside = [a - 1, b + 1].filter((t) => t >= 0 && t < steps.length && way * at(t, u) < least).length;
        found.push({ layer, unit: u, way, weakest, outside });
      }
    });
    return found.sort((x, y) => y.outside - x.outside || y.weakest - x.weakest);
  }

  // The other places where at least two thirds of some units hold, for two letters or more:
  // [from, to] each.
  function places(steps, units, a, b, least = 0.5) {
    const on = steps.map((step) => 3 * units.filter(({ layer, unit, way }) => way * step.layers[layer].next[0][unit] >= least).length >= 2 * units.length);
    const runs = [];
    for (let t = 0; t < on.length; t += 1) {
      if (!on[t]) continue;
      const from = t;
      while (t + 1 < on.length && on[t + 1]) t += 1;
      if (t > from && (t < a || from > b)) runs.push([from, t]);
    }
    return runs;
  }

  // The span of some letters near the beginning over which most units hold, to start from.
  function tellingSpan(steps, letters, least = 0.5) {
    const starts = Array.from({ length: Math.max(1, Math.min(60, steps.length - letters)) }, (_, t) => t);
    const count = (t) => holdingUnits(steps, t, Math.min(steps.length, t + letters) - 1, least).filter(({ outside }) => outside).length;
    const start = starts.reduce((best, t) => (count(t) > count(best) ? t : best), 0);
    return [start, Math.min(steps.length, start + letters) - 1];
  }

  const nats = (logits, id) => -Math.log(network.softmax(logits)[id]);

  return { holding, write, likeliest, given, holdingUnits, places, tellingSpan, nats };
})();
