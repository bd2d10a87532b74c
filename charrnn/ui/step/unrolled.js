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

  // shown: { experiment, t, units, back, reached }: reached is the copy the gradient has come to.
  function copies(shown, choose) {
    const { experiment, t, units, back, reached } = shown, { model, steps, targets } = experiment;
    const top = model.layers - 1, guesses = experiment.guesses();
    return steps.flatMap((step, k) => {
      const p = network.softmax(step.logits), came = targets[k], right = guesses[k] === came;
      const memory = units.map((u) => step.layers[top].next[0][u]);
      const arrived = back && k <= t && k >= reached;
      const copy = node('button', { type: 'button', class: `copy${k === t ? ' now' : ''}${arrived ? ' reached' : ''}`, 'data-t': k, 'aria-pressed': `${k === t}` },
        node('b', { class: 'read' }, sign(model.symbols[step.id])),
        strip(memory, 'memory'),
        node('span', { class: `guess${right ? ' right' : ''}` }, 'guess ', node('b', {}, sign(model.symbols[guesses[k]])), right ? ' ✓' : ` ✗ (${sign(model.symbols[came])})`),
        node('small', {}, `p(${sign(model.symbols[came])}) ${percent(p[came])}`),
        node('small', { class: 'nats', 'data-value': -Math.log(p[came]) }, `loss ${numbers.unsigned(-Math.log(p[came]))}`),
        ...(arrived ? [gradient(shown, k)] : []));
      copy.addEventListener('click', () => choose(k));
      return k ? [between(shown, k), copy] : [copy];
    });
  }

  function gradient({ back, units, t }, k) {
    const most = Math.max(...back.arrived[k].map(Math.abs), 1e-30);
    const share = back.shares[k];
    return node('span', { class: 'gradient', 'data-share': share, 'data-length': back.lengths[k] },
      strip(units.map((u) => back.arrived[k][u]), 'gradient of the memory', most),
      node('small', {}, k === t ? `gradient ${short(back.lengths[k])}` : `${part(share)} arrives`));
  }

  function short(value) { return value >= 0.01 || value === 0 ? numbers.unsigned(value) : value.toExponential(1); }

  function part(share) {
    const hundred = 100 * share;
    return hundred >= 10 ? `${Math.round(hundred)} %` : hundred >= 0.1 ? `${hundred.toFixed(1)} %` : `${hundred.toExponential(0)} %`;
  }

  function between({ back, reached, t }, k) {
    const passed = back && k <= t && k > reached;
    const arrow = node('span', { class: `between${passed ? ' back' : ''}`, 'aria-hidden': 'true' }, node('small', {}, 'Whh'), node('i'));
    if (passed) arrow.style.setProperty('--width', `${Math.max(1, Math.min(14, 14 * Math.sqrt(back.shares[k - 1])))}px`);
    return arrow;
  }

  // The loss after each update, as a curve, and how long the last gradient was.
  function curve(losses) {
    const width = 320, height = 100, finite = losses.filter(Number.isFinite), top = Math.max(...finite, 0.1) * 1.08;
    const x = (k) => 4 + (k / Math.max(20, losses.length - 1)) * (width - 8), y = (loss) => height - 4 - (Math.min(loss, top) / top) * (height - 24);
    const drawing = shape('svg', { viewBox: `0 0 ${width} ${height}`, class: 'losses', role: 'img', 'aria-label': `Loss after ${losses.length - 1} updates: ${numbers.unsigned(losses[losses.length - 1], 3)}` });
    drawing.append(shape('line', { class: 'grid', x1: 4, x2: width - 4, y1: height - 4, y2: height - 4 }),
      shape('path', { class: 'curve', d: losses.map((loss, k) => (Number.isFinite(loss) ? `${k ? 'L' : 'M'}${x(k).toFixed(1)} ${y(loss).toFixed(1)}` : '')).join('') }));
    const last = losses.length - 1;
    drawing.append(shape('text', { class: 'tick', x: 4, y: 11 }, `loss ${numbers.unsigned(losses[0])} at first, ${numbers.unsigned(losses[last], 3)} after ${last} ${last === 1 ? 'update' : 'updates'}`));
    if (Number.isFinite(losses[last])) drawing.append(shape('circle', { class: 'dot', cx: x(last), cy: y(losses[last]), r: 3.5 }));
    return drawing;
  }

  return { copies, curve, short };
})();
