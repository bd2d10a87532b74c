// The network unrolled over the word: a copy for each letter, left to right; the gradient of one
// letter's loss runs back, right to left, and each copy shows what arrives.

const unrolled = (() => {
  function strip(values, name, most = 1) {
    const bar = node('div', { class: 'strip', role: 'img', 'aria-label': `${name}: ${Array.from(values, (v) => numbers.signed(v, 3)).join(', ')}` });
    bar.append(...Array.from(values, (v) => {
      const cell = node('i', { 'data-value': v });
      cell.style.backgroundColor = tint(v / most, 75);
      return cell;
    }));
    bar.title = bar.getAttribute('aria-label');
    return bar;
  }

  function named(name, bar) { return node('span', { class: 'named' }, node('small', { 'aria-hidden': 'true' }, name), bar); }

  // shown: { experiment, t, units, back, reached }: reached is the copy the gradient has come to.
  function copies(shown, choose) {
    const { experiment, t, units, back, reached } = shown, { model, steps, targets } = experiment;
    const top = model.layers - 1, guesses = experiment.guesses();
    return steps.flatMap((step, k) => {
      const p = network.softmax(step.logits), came = targets[k], right = guesses[k] === came;
      const [hidden, cell] = step.layers[top].next.map((part) => units.map((u) => part[u]));
      const arrived = back && k <= t && k >= reached;
      const copy = node('button', { type: 'button', class: `copy${k === t ? ' now' : ''}${arrived ? ' reached' : ''}`, 'data-t': k, 'aria-pressed': `${k === t}` },
        node('b', { class: 'read' }, sign(model.symbols[step.id])),
        named('h', strip(hidden, 'memory h')),
        ...(cell ? [named('c', strip(cell, 'memory c', Math.max(1, ...cell.map(Math.abs))))] : []),
        node('span', { class: `guess${right ? ' right' : ''}` }, 'guess ', node('b', {}, sign(model.symbols[guesses[k]])), right ? ' ✓' : ` ✗ (${sign(model.symbols[came])})`),
        node('small', {}, `p(${sign(model.symbols[came])}) ${percent(p[came])}`),
        node('small', { class: 'nats', 'data-value': -Math.log(p[came]) }, `loss ${numbers.unsigned(-Math.log(p[came]))}`),
        ...(arrived ? [gradient(shown, k)] : []));
      copy.addEventListener('click', () => choose(k));
      return k ? [between(shown, k), copy] : [copy];
    });
  }

  function gradient({ back, units, t }, k) {
    const rows = [['h', back], ...(back.cell ? [['c', back.cell]] : [])].flatMap(([name, { arrived, lengths, shares }]) => {
      const most = Math.max(...arrived[k].map(Math.abs), 1e-30), of = back.cell ? ` ${name}` : '';
      return [strip(units.map((u) => arrived[k][u]), `gradient of the memory ${name}`, most),
        node('small', {}, k === t ? `gradient${of} ${short(lengths[k])}` : `${part(shares[k])} arrives${of && ` at${of}`}`)];
    });
    return node('span', { class: 'gradient', 'data-share': back.shares[k], 'data-length': back.lengths[k],
      ...(back.cell ? { 'data-cell-length': back.cell.lengths[k] } : {}) }, ...rows);
  }

  function short(value) { return value >= 0.01 || value === 0 ? numbers.unsigned(value) : value.toExponential(1); }

  function part(share) {
    const hundred = 100 * share;
    return hundred >= 10 ? `${Math.round(hundred)} %` : hundred >= 0.1 ? `${hundred.toFixed(1)} %` : `${hundred.toExponential(0)} %`;
  }

  function between({ experiment, back, reached, t }, k) {
    const passed = back && k <= t && k > reached;
    const arrow = node('span', { class: `between${passed ? ' back' : ''}`, 'aria-hidden': 'true' }, node('small', {}, passed ? 'Whh' : experiment.model.cell === 'lstm' ? 'h, c' : 'h'), node('i'));
    if (passed) arrow.style.setProperty('--width', `${Math.max(1, Math.min(14, 14 * Math.sqrt(back.shares[k - 1])))}px`);
    return arrow;
  }

  return { copies, short };
})();
