// How much of the gradient is left k characters back: RNN, LSTM and GRU in three rows, log scale.
let W = 760;
const H = 118, LEFT = 52, RIGHT = 12, TOP = 10, BOTTOM = 20, LOW = -8, HIGH = 1;
const about = node('p', { class: 'caption' }), rows = node('div', { class: 'reach-rows' }), status = node('p', { class: 'caption', 'aria-live': 'polite' });
root.replaceChildren(about, rows, status);
let cursors = [], read = [], lags = 60;

function x(k) { return LEFT + ((W - LEFT - RIGHT) * k) / lags; }
function y(v) { return TOP + ((H - TOP - BOTTOM) * (HIGH - Math.max(LOW, Math.min(HIGH, Math.log10(Math.max(v, 1e-300)))))) / (HIGH - LOW); }

function left(v) {
  if (v >= 1.005) return `${v.toPrecision(2)} times`;
  if (v >= 0.01) return `${(100 * v).toPrecision(2)} %`;
  return v > 0 ? `1 part in ${Number((1 / v).toPrecision(1)).toLocaleString('en')}` : 'nothing';
}

function axes(svg) {
  for (const power of [0, -2, -4, -6, -8]) {
    const at = y(10 ** power);
    svg.append(shape('line', { class: 'grid', x1: LEFT, x2: W - RIGHT, y1: at, y2: at }),
      shape('text', { class: 'tick end power', x: LEFT - 6, y: at + 4 }, power ? `10${[...String(power)].map((c) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(c)]).join('')}` : '1'));
  }
  for (let k = 0; k <= lags; k += 10) svg.append(shape('text', { class: 'tick middle', x: x(k), y: H - 5 }, String(k)));
}

function row(data) {
  const svg = shape('svg', { viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': `${data.cell}: gradient left by distance` });
  const kinds = data.kinds.split(' '), curves = data.curves.split('|').map((curve) => curve.split(' ').map(Number));
  lags = curves[0].length - 1;
  axes(svg);
  curves.forEach((curve, c) => {
    const points = curve.map((v, k) => `${x(k).toFixed(1)},${y(v).toFixed(1)}`).join(' ');
    const main = kinds[c] === (data.own ? 'trained' : 'new');
    if (main) svg.append(shape('polygon', { class: 'area', points: `${x(0)},${H - BOTTOM} ${points} ${x(lags)},${H - BOTTOM}` }));
    svg.append(shape('polyline', { class: main ? 'curve' : 'curve dashed faint', points }));
  });
  const cursor = shape('line', { class: 'cursor', y1: TOP, y2: H - BOTTOM, visibility: 'hidden' });
  svg.append(cursor);
  const first = curves[kinds.indexOf(data.own ? 'trained' : 'new')], gone = first.findIndex((v) => v < 0.01);
  const summary = node('span', { class: 'note' }, gone < 0 ? `more than 1 % still arrives from ${lags} back` : `less than 1 % arrives from ${gone} back`);
  const reading = node('span', { class: 'aside' });
  cursors.push((k) => {
    cursor.setAttribute('visibility', k < 0 ? 'hidden' : 'visible');
    if (k < 0) { reading.textContent = ''; return; }
    cursor.setAttribute('x1', x(k));
    cursor.setAttribute('x2', x(k));
    reading.textContent = `${k} back: ${left(first[k])}`;
  });
  svg.addEventListener('mousemove', (event) => {
    const frame = svg.getBoundingClientRect();
    const k = Math.round((((event.clientX - frame.left) / frame.width) * W - LEFT) / ((W - LEFT - RIGHT) / lags));
    cursors.forEach((move) => move(k >= 0 && k <= lags ? k : -1));
  });
  svg.addEventListener('mouseleave', () => cursors.forEach((move) => move(-1)));
  const title = data.own ? 'the present model; dashed: the same before any training' : 'a new network of the same size, not trained';
  return node('div', { class: `reach-row color-${['RNN', 'LSTM', 'GRU'].indexOf(data.cell)}` },
    node('div', { class: 'head' }, node('span', { class: 'key' }), node('strong', {}, data.cell), node('span', { class: 'note' }, title), reading, summary), svg);
}

always((value) => {
  W = Math.max(320, root.clientWidth || 760);
  about.textContent = value.about || '';
  cursors = [];
  const given = value.rows || [];
  rows.replaceChildren(...given.map(row));
  status.textContent = given.length < (value.of || 3) ? 'Following the gradient back …'
    : 'Across: how many characters back. Up: the average size of the gradient there, as a share of its size at the guess itself.'
      + (given[0].kinds.split(' ').length > 2 || given[0].curves.split('|').length > 1 ? ' Several lines: one for each layer.' : '');
});
