// One step of a network as named numbers: what stands in each cell of the picture, and the
// arithmetic that gave it. Plain data: nothing here touches the page.
//
// A block is { key, title, caption, phase, rows, columns, values, name(i, j), explain(i, j) } with
// values[i][j]; its phase says at which moment of the step it is known.

const numbers = (() => {
  const GATES = {
    h: 'tanh', i: 'input gate', f: 'forget gate', o: 'output gate', g: 'candidate', r: 'reset gate', z: 'update gate', n: 'candidate',
  };
  const PHASES = { input: 0, memory: 1, sum: 2, gates: 3, state: 4, scores: 5, guess: 6, loss: 7 };

  function unsigned(value, digits = 2) {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value < 0 ? '−∞' : '∞';
    const large = Math.abs(value) >= 1000;
    const text = large ? Math.abs(value).toExponential(1) : Math.abs(value).toFixed(digits);
    return (value < 0 && Number(text) !== 0 ? '−' : '') + text;
  }

  function signed(value, digits = 2) {
    const text = unsigned(value, digits);
    return text.startsWith('−') || !Number.isFinite(value) ? text : `+${text}`;
  }

  // 1.21 × 0.96 − 0.97 × −0.98, and the sum of what is not shown
  function products(terms, rest = 0) {
    const text = terms.map(([weight, value], k) => {
      const sign = weight < 0 ? '− ' : k ? '+ ' : '';
      return `${sign}${unsigned(Math.abs(weight))} × ${unsigned(value)}`;
    }).join(' ');
    return rest ? `${text} ${added(rest)} (the others)` : text;
  }

  function added(value) { return `${value < 0 ? '−' : '+'} ${unsigned(Math.abs(value))}`; }

  // The product of one row of W with v: its terms on the columns shown, the rest, and the total.
  function dot(W, row, v, columns) {
    const width = v.length, at = row * width;
    let total = 0;
    for (let j = 0; j < width; j += 1) total += W[at + j] * v[j];
    const terms = columns.map((j) => [W[at + j], v[j]]);
    const rest = columns.length < width ? total - terms.reduce((sum, [w, x]) => sum + w * x, 0) : 0;
    return { terms, rest, total };
  }

  // ---- the blocks of one step ----
  //
  // view: { layer, gate, units, inputs, outputs, target, temperature }; units, inputs and outputs are the
  // indexes that are shown: all of a small network, a window into a large one.

  function blocks(model, step, view) {
    const read = reading(model, step, view);
    return [...inputBlocks(read), ...memoryBlocks(read), ...sumBlocks(read), ...stateBlocks(read), ...guessBlocks(read)];
  }

  function reading(model, step, view) {
    const H = model.hidden_size, p = model.parameters, layer = step.layers[view.layer];
    const cell = network.CELLS[model.cell], V = model.symbols.length;
    const one = Float64Array.from({ length: V }, (_, j) => (j === step.id ? 1 : 0));
    return {
      model, step, view, H, layer, cell, gate: cell.gates[view.gate], offset: view.gate * H,
      Wxh: p[`Wxh${view.layer}`], Whh: p[`Whh${view.layer}`], bh: p[`bh${view.layer}`], bhh: p[`bhh${view.layer}`],
      x: view.layer ? layer.input : one, letter: sign(model.symbols[step.id]),
      unitNames: view.units.map((u) => `${u + 1}`),
      inputNames: view.inputs.map((j) => (view.layer ? `${j + 1}` : sign(model.symbols[j]))),
      outputNames: view.outputs.map((k) => sign(model.symbols[k])),
    };
  }

  function column(key, title, caption, phase, rows, values, explain, more = {}) {
    return {
      key, title, caption, phase, rows, columns: [''], values: values.map((v) => [v]),
      name: (i) => `${title}, ${more.of || 'unit'} ${rows[i]}`, explain, ...more,
    };
  }

  function inputBlocks(r) {
    const { view, x, Wxh, offset, letter, inputNames, unitNames } = r, first = view.layer === 0;
    const of = first ? 'letter' : 'unit below';
    const rows = view.units.map((u) => dot(Wxh, offset + u, x, view.inputs));
    return [
      column('x', 'x', first ? 'one-hot: a 1 at the letter' : 'the memory of the layer below', 0, inputNames,
        view.inputs.map((j) => x[j]), (i) => (first
          ? `x, ${of} ${inputNames[i]} = ${unsigned(x[view.inputs[i]], 0)}: the column is 1 at the letter being read, ${letter}, and 0 elsewhere.`
          : `x, ${of} ${inputNames[i]} = ${signed(x[view.inputs[i]])}: the new memory of the layer below.`), { of, kind: 'input' }),
      {
        key: 'Wxh', title: 'Wxh', caption: first ? `x picks column ${letter}` : 'each row weighs x', phase: 0, small: true,
        rows: unitNames, columns: inputNames, values: view.units.map((u, i) => rows[i].terms.map(([w]) => w)),
        picked: first ? view.inputs.indexOf(r.step.id) : -1,
        name: (i, j) => `Wxh from ${of} ${inputNames[j]} to unit ${unitNames[i]}`,
        explain(i, j) {
          const [w, v] = rows[i].terms[j];
          return `${this.name(i, j)}: ${signed(w)}. Times x: ${unsigned(w)} × ${unsigned(v)} = ${signed(w * v)}.`;
        },
      },
      column('Wxhx', 'Wxh x', 'what this letter adds', 0, unitNames, rows.map((row) => row.total), (i) => (first
        ? `Wxh x, unit ${unitNames[i]} = ${signed(rows[i].total)}: x is 1 only at ${letter}, so the product is column ${letter} of Wxh.`
        : `Wxh x, unit ${unitNames[i]} = ${products(rows[i].terms, rows[i].rest)} = ${signed(rows[i].total)}.`)),
    ];
  }

  function memoryBlocks(r) {
    const { view, Whh, offset, unitNames } = r, old = r.layer.previous[0];
    const rows = view.units.map((u) => dot(Whh, offset + u, old, view.units));
    const others = view.units.length < r.H;
    const empty = old.every((v) => v === 0);
    return [
      column('h', 'h', 'old memory', 1, unitNames, view.units.map((u) => old[u]), (i) => `h, unit ${unitNames[i]} = ${signed(old[view.units[i]])}: `
        + (empty ? 'nothing has been read yet.' : 'the old memory, as the step before left it.')),
      {
        key: 'Whh', title: 'Whh', caption: 'each row weighs the old memory', phase: 1, small: true, rows: unitNames, columns: unitNames,
        values: rows.map((row) => row.terms.map(([w]) => w)), picked: -1,
        name: (i, j) => `Whh from unit ${unitNames[j]} to unit ${unitNames[i]}`,
        explain(i, j) {
          const [w, v] = rows[i].terms[j];
          return `${this.name(i, j)}: ${signed(w)}. Times h: ${unsigned(w)} × ${unsigned(v)} = ${signed(w * v)}.`;
        },
      },
      column('Whhh', 'Whh h', 'what the old memory adds', 1, unitNames, rows.map((row) => row.total),
        (i) => `Whh h, unit ${unitNames[i]} = ${products(rows[i].terms, rows[i].rest)} = ${signed(rows[i].total)}.`
          + (others ? ' The others are the units that are not shown.' : '')),
    ];
  }

  function sumBlocks(r) {
    const { view, layer, bh, bhh, offset, unitNames, gate } = r;
    const separate = r.model.cell === 'gru' && gate === 'n';
    const reset = separate ? layer.gates[0] : null;
    const value = (u) => layer.x[offset + u] + (separate ? reset[u] : 1) * layer.h[offset + u];
    const bias = (u) => bh[offset + u] + (bhh && !separate ? bhh[u + offset] : 0);
    const blocks = [
      column('bh', 'bh', 'a constant', 2, unitNames, view.units.map(bias), (i) => `bh, unit ${unitNames[i]} = ${signed(bias(view.units[i]))}: a constant that does not depend on what is read.`),
      column('a', 'sum', 'the pre-activation', 2, unitNames, view.units.map(value), (i) => {
        const u = view.units[i], x = layer.x[offset + u], h = layer.h[offset + u];
        const parts = separate
          ? `${unsigned(x)} + r ${unsigned(reset[u])} × (${unsigned(h)})`
          : `${unsigned(x - bh[offset + u])} ${added(h - (bhh ? bhh[offset + u] : 0))} ${added(bias(u))}`;
        return `Sum for unit ${unitNames[i]}: ${parts} = ${signed(value(u))}.`;
      }),
    ];
    return blocks;
  }

  // ---- the new state, for each cell ----

  function gateBlocks(r, titles) {
    return r.cell.gates.map((gate, k) => {
      const squash = gate === 'g' || gate === 'n' ? 'tanh' : 'sigmoid', title = titles(gate);
      return column(`gate-${gate}`, title, GATES[gate], PHASES.gates, r.unitNames, r.view.units.map((u) => r.layer.gates[k][u]), (i) => {
        const u = r.view.units[i], at = k * r.H + u, value = r.layer.gates[k][u];
        if (r.layer.held.includes(at)) return `${title}, unit ${r.unitNames[i]}: held at ${unsigned(value)}. Press Delete to let it go.`;
        const sum = r.layer.x[at] + (r.model.cell === 'gru' && gate === 'n' ? r.layer.gates[0][u] : 1) * r.layer.h[at];
        return `${title}, unit ${r.unitNames[i]} = ${squash}(${unsigned(sum)}) = ${unsigned(value)}.`;
      }, { valve: squash === 'sigmoid', gate: k, held: r.view.units.map((u) => r.layer.held.includes(k * r.H + u)) });
    });
  }

  function stateBlocks(r) {
    const { layer, view, unitNames } = r, units = view.units, [next, cellNext] = layer.next;
    const old = layer.previous[0];
    const fresh = (explain) => column('hnew', 'h′', 'new memory', PHASES.state, unitNames, units.map((u) => next[u]), explain);
    if (r.model.cell === 'rnn') {
      return [{ ...fresh((i) => {
        const u = units[i];
        return `h′, unit ${unitNames[i]} = tanh(${unsigned(layer.x[u] + layer.h[u])}) = ${signed(next[u])}.`;
      }), phase: PHASES.gates }];
    }
    if (r.model.cell === 'gru') {
      const [, z, n] = layer.gates;
      return [...gateBlocks(r, (g) => g), fresh((i) => {
        const u = units[i];
        return `h′, unit ${unitNames[i]} = z × h + (1 − z) × n = ${unsigned(z[u])} × ${unsigned(old[u])} + ${unsigned(1 - z[u])} × ${unsigned(n[u])} = ${signed(next[u])}.`;
      })];
    }
    const [gi, gf, go, gg] = layer.gates, c = layer.previous[1];
    return [
      ...gateBlocks(r, (g) => g),
      column('c', 'c', 'old cell', PHASES.state, unitNames, units.map((u) => c[u]), (i) => `c, unit ${unitNames[i]} = ${signed(c[units[i]])}: the cell, as the step before left it.`),
      column('cnew', 'c′', 'new cell', PHASES.state, unitNames, units.map((u) => cellNext[u]), (i) => {
        const u = units[i];
        return `c′, unit ${unitNames[i]} = f × c + i × g = ${unsigned(gf[u])} × ${unsigned(c[u])} + ${unsigned(gi[u])} × ${unsigned(gg[u])} = ${signed(cellNext[u])}.`;
      }),
      fresh((i) => {
        const u = units[i];
        return `h′, unit ${unitNames[i]} = o × tanh(c′) = ${unsigned(go[u])} × ${unsigned(Math.tanh(cellNext[u]))} = ${signed(next[u])}.`;
      }),
    ];
  }

  // ---- scores, guess, loss ----

  function guessBlocks(r) {
    const { model, step, view, outputNames } = r, p = model.parameters;
    const last = step.layers[step.layers.length - 1].next[0];
    const shown = view.layer === step.layers.length - 1 ? view.units : [];
    const rows = view.outputs.map((k) => dot(p.Why, k, last, shown));
    const T = view.temperature || 1, guess = network.softmax(step.logits, T);
    const total = step.logits.reduce((sum, y) => sum + Math.exp(y / T), 0);
    const blocks = [
      {
        key: 'Why', title: 'Why', caption: 'each row weighs the new memory', phase: PHASES.scores, small: true, rows: outputNames, of: 'letter',
        columns: shown.map((u) => `${u + 1}`), values: rows.map((row) => row.terms.map(([w]) => w)), picked: -1,
        name: (i, j) => `Why from unit ${shown[j] + 1} to letter ${outputNames[i]}`,
        explain(i, j) {
          const [w, v] = rows[i].terms[j];
          return `${this.name(i, j)}: ${signed(w)}. Times h′: ${unsigned(w)} × ${unsigned(v)} = ${signed(w * v)}.`;
        },
      },
      column('y', 'y', 'scores (logits)', PHASES.scores, outputNames, view.outputs.map((k) => step.logits[k]), (i) => {
        const k = view.outputs[i];
        return `y, letter ${outputNames[i]} = ${products(rows[i].terms, rows[i].rest)} ${added(p.by[k])} (by) = ${signed(step.logits[k])}.`;
      }, { of: 'letter' }),
      column('p', 'p', 'the guess', PHASES.guess, outputNames, view.outputs.map((k) => guess[k]), (i) => {
        const y = step.logits[view.outputs[i]], scaled = T === 1 ? unsigned(y) : `${unsigned(y)} / ${unsigned(T)}`;
        return `p, letter ${outputNames[i]} = exp(${scaled}) / sum of all exp = ${unsigned(Math.exp(y / T))} / ${unsigned(total)} = ${unsigned(guess[view.outputs[i]], 3)}.`;
      }, { of: 'letter', bars: true, target: view.outputs.indexOf(view.target) }),
    ];
    if (view.target === undefined || view.target === null) return blocks;
    const right = network.softmax(step.logits)[view.target], loss = -Math.log(right), came = sign(model.symbols[view.target]);
    return [...blocks, {
      ...column('loss', 'loss', `${came} came next`, PHASES.loss, [came], [loss], () => `Loss = −log p(${came}) = −log ${unsigned(right, 3)} = ${unsigned(loss, 3)} nats: as good as choosing among ${unsigned(Math.exp(loss), 1)} equally likely letters.`, { of: 'letter' }),
      large: true,
    }];
  }

  // The equations of a step in pieces, [text, phase]; a phase of -1 is never lit. A piece with a
  // third element is the name of the gate whose rows are shown.
  function equations(cell, gate, temperature = 1) {
    const names = (gates) => gates.flatMap((name, k) => [...(k ? [[', ', -1]] : []), name === gate ? [name, -1, 'rows'] : [name, -1]]);
    const lit = (gates, phase) => (gates.includes(gate) || cell === 'rnn' ? phase : -1);
    const inner = (gates, squash) => [...names(gates), [' = ', -1], [squash, PHASES.gates], ['( ', -1], ['Wxh x', lit(gates, 0)], [' + ', -1], ['Whh h', lit(gates, 1)], [' + ', -1], ['bh', lit(gates, 2)], [' )', -1]];
    const rest = [[['y = Why h′ + by', PHASES.scores]], [[temperature === 1 ? 'p = softmax(y)' : `p = softmax(y / ${unsigned(temperature)})`, PHASES.guess]], [['loss = −log p', PHASES.loss]]];
    if (cell === 'rnn') return [inner(['h′'], 'tanh'), ...rest];
    if (cell === 'lstm') {
      return [inner(['i', 'f', 'o'], 'sigmoid'), inner(['g'], 'tanh'), [['c′ = f * c + i * g', PHASES.state]], [['h′ = o * tanh(c′)', PHASES.state]], ...rest];
    }
    const only = ['n'], candidate = [...names(only), [' = ', -1], ['tanh', PHASES.gates], ['( ', -1], ['Wxh x', lit(only, 0)], [' + ', -1], ['bh', lit(only, 2)], [' + r * (', -1], ['Whh h', lit(only, 1)], [' + bhh) )', -1]];
    return [inner(['r', 'z'], 'sigmoid'), candidate, [['h′ = z * h + (1 − z) * n', PHASES.state]], ...rest];
  }

  return { GATES, PHASES, blocks, equations, signed, unsigned };
})();
