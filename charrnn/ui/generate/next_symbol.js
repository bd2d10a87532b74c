// What may come next: one bar a symbol, reshaped here by temperature, top-k and top-p as the sliders move.
const COLUMNS = 18;
const note = node('span', { class: 'note' }), side = node('span', { class: 'aside' });
const plot = node('div', { class: 'columns', role: 'img' });
root.replaceChildren(node('div', { class: 'head' }, node('strong', {}, 'What comes next?'), note, side), plot);
let order = [], names = [], logits = [], columns = [], kind = 'letters';

function setting(name, fallback) {
  const input = document.querySelector(`#generate-${name} input[type=range], #generate-${name} input[type=number]`);
  const value = input ? Number(input.value) : NaN;
  return Number.isFinite(value) ? value : fallback;
}

// The probabilities in the order of the bars; kept: whether the settings allow the symbol.
function probabilities() {
  const weights = rules.weights(logits, { temperature: setting('temperature', 1), top_k: setting('top-k', 0), top_p: setting('top-p', 1) });
  const total = weights.reduce((sum, w) => sum + w, 0);
  return order.map((i) => ({ p: weights[i] / total, kept: weights[i] > 0 }));
}

function reshape() {
  if (!order.length) return;
  const shares = probabilities();
  const choices = Math.exp(shares.reduce((sum, s) => sum - (s.p > 0 ? s.p * Math.log(s.p) : 0), 0));
  const tallest = Math.max(0.4, ...shares.map((s) => s.p));
  const rest = shares.slice(columns.length - 1).reduce((sum, s) => sum + s.p, 0);
  const many = order.length > COLUMNS;
  columns.forEach((column, place) => {
    const last = many && place === columns.length - 1;
    const { p, kept } = last ? { p: rest, kept: rest > 0 } : shares[place];
    column.bar.style.height = `${Math.max(kept ? 2 : 1, (100 * p) / tallest)}%`;
    if (!last) column.label.textContent = sign(names[order[place]]);
    column.box.classList.toggle('cut', !kept);
    column.value.textContent = p >= 0.005 ? Math.round(100 * p) : '';
  });
  side.textContent = `as unsure as choosing among ${choices < 10 ? choices.toFixed(1) : Math.round(choices)} equally likely ${kind}`;
  plot.setAttribute('aria-label', 'Chances of the next character: ' + columns.slice(0, 5)
    .map((column, place) => `${column.label.textContent} ${percent(shares[place].p)}`).join(', '));
}

function build() {
  const shown = order.length > COLUMNS ? COLUMNS - 1 : order.length;
  columns = [];
  for (let place = 0; place < shown + Number(order.length > shown); place += 1) {
    const rest = place === shown;
    const column = { bar: node('i'), value: node('span', { class: 'value' }),
      label: node('span', { class: 'label' }, rest ? `${order.length - shown} more` : '') };
    column.box = node('div', { class: rest ? 'column rest' : 'column' }, node('div', { class: 'room' }, column.value, column.bar), column.label);
    columns.push(column);
  }
  plot.replaceChildren(...columns.map((column) => column.box));
}

function listen(event) {
  if (!root.isConnected) { document.removeEventListener('input', listen, true); return; }
  if (event.target.closest('#generate-temperature, #generate-top-k, #generate-top-p')) requestAnimationFrame(reshape);
}
document.addEventListener('input', listen, true);
document.addEventListener('click', (event) => { if (event.target.closest('#generate-temperature')) setTimeout(reshape, 60); });

always((value) => {
  names = JSON.parse(value.names || '[]');
  kind = value.kind || 'letters';
  logits = Array.from(new Float32Array(bytes(value.logits).buffer));
  const next = logits.map((_, i) => i).sort((a, b) => logits[b] - logits[a]);
  const rebuilt = columns.length === 0 || next.length !== order.length;
  order = next;
  if (rebuilt) build();
  const after = [...value.after || ''].map((c) => (c === '\n' ? '↵' : inText(c))).join('');
  note.replaceChildren(...(after ? ['after “', node('bdi', {}, after), '”'] : ['at the start of a line']));
  requestAnimationFrame(reshape);
});
