// What may come next: one bar a symbol, reshaped here by temperature, top-k and top-p as the sliders move.
const COLUMNS = 18;
const note = node('span', { class: 'note' }), side = node('span', { class: 'aside' });
const plot = node('div', { class: 'columns', role: 'img' });
root.replaceChildren(node('div', { class: 'head' }, node('strong', {}, 'What comes next?'), note, side), plot);
let order = [], names = [], logits = [], columns = [];

function setting(name, fallback) {
  const input = document.querySelector(`#generate-${name} input[type=range], #generate-${name} input[type=number]`);
  const value = input ? Number(input.value) : NaN;
  return Number.isFinite(value) ? value : fallback;
}

// The same rule as charrnn.sampling.probabilities.
function probabilities() {
  const temperature = setting('temperature', 1), k = setting('top-k', 0) || logits.length, mass = setting('top-p', 1);
  const top = logits[order[0]];
  const heights = order.map((i) => (temperature < 1e-3 ? Number(i === order[0]) : Math.exp((logits[i] - top) / temperature)));
  const total = heights.reduce((sum, h) => sum + h, 0);
  let before = 0;
  const shares = heights.map((h, place) => {
    const p = h / total, kept = place === 0 || (place < k && before < mass);
    before += p;
    return { p, kept };
  });
  const left = shares.reduce((sum, s) => sum + (s.kept ? s.p : 0), 0);
  return shares.map((s) => ({ p: s.kept ? s.p / left : 0, kept: s.kept }));
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
  side.textContent = `as unsure as choosing among ${choices < 10 ? choices.toFixed(1) : Math.round(choices)} equally likely symbols`;
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
  logits = Array.from(new Float32Array(bytes(value.logits).buffer));
  const next = logits.map((_, i) => i).sort((a, b) => logits[b] - logits[a]);
  const rebuilt = columns.length === 0 || next.length !== order.length;
  order = next;
  if (rebuilt) build();
  note.textContent = value.after ? `after “${[...value.after].map((c) => (c === '\n' ? '↵' : c)).join('')}”` : 'after a line break, where an empty seed starts';
  requestAnimationFrame(reshape);
});
