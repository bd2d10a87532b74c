// How much of the gradient is left k characters back, in one chart on a log scale: three trained
// networks and the visitor's own, or the same three before any training. The sentence says what was measured.
const H = 250, LEFT = 46, RIGHT = 58, TOP = 12, BOTTOM = 24, LOW = -8, HIGH = 0.3, COLORS = ['RNN', 'LSTM', 'GRU'];
const about = node('p', { class: 'caption' }), answer = node('p', { class: 'answer', 'aria-live': 'polite' });
const box = node('input', { type: 'checkbox' }), legend = node('div', { class: 'legend' });
const picture = shape('svg', { height: H, tabindex: 0, role: 'img' }), reading = node('p', { class: 'caption aside' });
root.replaceChildren(about, node('div', { class: 'head' }, node('label', { class: 'toggle' }, box, ' Before training'), legend), picture, reading, answer);
let W = 760, lags = 60, curves = [], cursor = -1, waiting = 0;

function x(k) { return LEFT + ((W - LEFT - RIGHT) * k) / lags; }
function y(v) { return TOP + ((H - TOP - BOTTOM) * (HIGH - Math.max(LOW, Math.min(HIGH, Math.log10(Math.max(v, 1e-300)))))) / (HIGH - LOW); }

function share(v) {
  if (v >= 0.995) return `${Math.round(100 * v)} %`;
  if (v >= 0.001) return `${Number((100 * v).toPrecision(2))} %`;
  return v > 0 ? `1 part in ${Number((1 / v).toPrecision(1)).toLocaleString('en')}` : 'nothing';
}

function gone(curve) { return curve.values.findIndex((v) => v < 0.01); }

function axes() {
  for (const power of [0, -2, -4, -6, -8]) {
    const at = y(10 ** power), name = `10${[...String(power)].map((c) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(c)]).join('')}`;
    picture.append(shape('line', { class: 'grid', x1: LEFT, x2: W - RIGHT, y1: at, y2: at }),
      shape('text', { class: 'tick end power', x: LEFT - 6, y: at + 4 }, power === -2 ? '1 %' : power ? name : 'all'));
  }
  for (let k = 0; k <= lags; k += 10) picture.append(shape('text', { class: 'tick middle', x: x(k), y: H - 6 }, String(k)));
}

// Names at the right ends, moved apart where curves end close to each other.
function ends(shown) {
  const rows = shown.map((curve) => ({ curve, y: y(curve.values[lags]) + 4 })).sort((a, b) => a.y - b.y);
  rows.forEach((row, i) => { if (i) row.y = Math.max(row.y, rows[i - 1].y + 13); });
  let lowest = H - BOTTOM;
  for (const row of [...rows].reverse()) { row.y = Math.min(row.y, lowest); lowest = row.y - 13; }
  for (const row of rows) picture.append(shape('text', { class: `tick end-name ${row.curve.ink}`, x: W - RIGHT + 6, y: row.y }, row.curve.short));
}

function paint() {
  W = Math.max(300, root.clientWidth || W);
  const shown = curves.filter((c) => (box.checked ? c.kind === 'new' : c.kind !== 'new'));
  picture.setAttribute('width', W);
  picture.setAttribute('viewBox', `0 0 ${W} ${H}`);
  picture.replaceChildren();
  axes();
  for (const curve of shown) {
    const points = curve.values.map((v, k) => `${x(k).toFixed(1)},${y(v).toFixed(1)}`).join(' ');
    picture.append(shape('polyline', { class: `curve ${curve.ink} ${curve.kind === 'own' ? 'dashed' : ''}`, points }));
  }
  ends(shown);
  legend.replaceChildren(...shown.map((c) => node('span', {}, node('i', { class: `key ${c.ink} ${c.kind === 'own' ? 'dashed' : ''}` }), c.name)));
  answer.textContent = sentence(shown);
  picture.setAttribute('aria-label', `Gradient left by distance. ${answer.textContent}`);
  if (cursor < 0) { reading.textContent = 'Across: characters back. Up: how much of the gradient is left there. Point at the chart, or use the arrow keys.'; return; }
  picture.append(shape('line', { class: 'cursor', x1: x(cursor), x2: x(cursor), y1: TOP, y2: H - BOTTOM }));
  reading.textContent = `${cursor} back: ${shown.map((c) => `${c.short} ${share(c.values[cursor])}`).join(', ')}`;
}

function sentence(shown) {
  if (waiting > 0 && !shown.length) return 'Following the gradient back …';
  const far = shown.filter((c) => gone(c) < 0), near = shown.filter((c) => gone(c) >= 0).sort((a, b) => gone(b) - gone(a));
  const parts = [...near.map((c, i) => (i ? `${gone(c)} back in the ${c.name}` : `less than 1 % is left ${gone(c)} characters back in the ${c.name}`)),
    ...far.map((c) => `more than 1 % is left even ${lags} back in ${c.kind === 'own' ? '' : 'the '}${c.name}`)];
  const before = box.checked ? ' The first weights of the plain RNN keep lengths, so it looks best before it has learned anything; training changes the order.' : '';
  return `Measured: ${parts.join(', ').replace(/the your/g, 'your')}.${before}`;
}

function move(k) { cursor = Math.max(0, Math.min(lags, k)); paint(); }
picture.addEventListener('mousemove', (event) => {
  const frame = picture.getBoundingClientRect();
  move(Math.round((event.clientX - frame.left - LEFT) / ((W - LEFT - RIGHT) / lags)));
});
picture.addEventListener('mouseleave', () => { cursor = -1; paint(); });
picture.addEventListener('keydown', (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  move((cursor < 0 ? 0 : cursor) + step);
});
box.addEventListener('change', paint);
new ResizeObserver(() => { if (curves.length && root.clientWidth && root.clientWidth !== W) paint(); }).observe(root);

always((value) => {
  about.textContent = value.about || '';
  curves = (value.curves || []).map((c) => ({ ...c, values: c.points.split(' ').map(Number),
    short: c.kind === 'own' ? 'yours' : c.cell, ink: c.kind === 'own' ? 'color-3' : `color-${COLORS.indexOf(c.cell)}` }));
  lags = Math.min(60, ...curves.map((c) => c.values.length - 1));
  waiting = (value.of || 7) - curves.length;
  paint();
});
