// The loss chart: curves, baselines (dashed lines with a name), and a pointer that reads every curve.
const HEIGHT = 214;
const MARGIN = { left: 40, right: 44, top: 10, bottom: 22 };
const heading = node('strong');
const about = node('span', { class: 'note' });
const legend = node('div', { class: 'legend' });
const tip = node('div', { class: 'tip', hidden: '' });
const picture = shape('svg', { height: HEIGHT, tabindex: 0, role: 'img' });
root.replaceChildren(node('div', { class: 'head' }, heading, about, legend),
  node('div', { class: 'plot' }, picture, tip));
let data = null, scale = null, cursor = null, marked = null, width = 600;

function parse(packed) {
  return (packed || '').split(' ').filter(Boolean).map((pair) => pair.split(',').map(Number));
}

function ticks(low, high, count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((s) => s * power >= raw) * power;
  const made = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-6; i += 1) made.push(i * step);
  return made;
}

function short(number) {
  return number >= 10000 ? `${+(number / 1000).toFixed(1)}k` : `${+number.toFixed(2)}`;
}

function fit() {
  const xs = data.curves.flatMap((c) => c.points.map((p) => p[0]));
  const ys = data.curves.flatMap((c) => c.points.map((p) => p[1]));
  const levels = data.baselines.map(([, loss]) => loss);
  const floor = Math.min(...ys, ...levels), top = Math.max(...levels, ...ys.slice(0, 400));
  // Half-nat steps at the bottom: the frame stays still while the curve falls through it.
  const low = Number.isFinite(floor) ? Math.max(0, Math.floor(floor * 2 - 0.2) / 2) : 0;
  const ceiling = Number.isFinite(top) ? Math.min(top, (Math.max(...levels, 1)) * 1.6) : 4;
  const high = Math.max(ceiling + 0.12 * (ceiling - low), low + 0.5);
  const right = Math.max(...xs, data.least || 20);
  const w = width - MARGIN.left - MARGIN.right, h = HEIGHT - MARGIN.top - MARGIN.bottom;
  scale = { low, high, right,
    x: (v) => MARGIN.left + (w * v) / right,
    y: (v) => MARGIN.top + h * (1 - (Math.min(v, high) - low) / (high - low)) };
}

function axes() {
  for (const v of ticks(scale.low, scale.high, 4)) {
    const y = scale.y(v);
    picture.append(shape('line', { x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y, class: 'grid' }),
      shape('text', { x: MARGIN.left - 7, y: y + 4, class: 'tick end' }, short(v)),
      shape('text', { x: width - MARGIN.right + 7, y: y + 4, class: 'tick' }, bits(v).toFixed(1)));
  }
  const unit = data.unit === 'second' ? ' s' : '';
  for (const v of ticks(0, scale.right, Math.max(3, Math.round(width / 130)))) {
    picture.append(shape('text', { x: scale.x(v), y: HEIGHT - 5, class: 'tick middle' }, short(v) + unit));
  }
}

function baselines() {
  for (const [, loss] of data.baselines) {
    const y = scale.y(loss);
    picture.append(shape('line', { x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y, class: 'baseline' }));
  }
}

// Names after the curves, so that they stay readable. A curve falls from the upper left to the lower
// right: the names of high baselines stand at the right end, those of low ones at the left.
function names() {
  const middle = (scale.low + scale.high) / 2;
  const rows = [...data.baselines].sort((a, b) => b[1] - a[1]).map(([name, loss]) => ({ name, loss, y: scale.y(loss) - 4 }));
  rows.forEach((row, k) => { if (k) row.y = Math.max(row.y, rows[k - 1].y + 12); });
  let lowest = HEIGHT - MARGIN.bottom - 4; // those that were pushed below the frame go up again
  for (const row of [...rows].reverse()) { row.y = Math.min(row.y, lowest); lowest = row.y - 12; }
  for (const { name, loss, y } of rows) {
    const right = loss > middle, x = right ? width - MARGIN.right - 2 : MARGIN.left + 2;
    picture.append(shape('text', { x, y, class: `tick name ${right ? 'end' : ''}` }, `${name} ${loss.toFixed(2)}`));
  }
}

function curves() {
  for (const curve of data.curves) {
    if (!curve.points.length) continue;
    const path = curve.points.map(([x, y]) => `${scale.x(x).toFixed(1)} ${scale.y(y).toFixed(1)}`);
    picture.append(shape('path', { d: `M${path.join('L')}`, class: `curve ${curve.kind} color-${curve.color}` }));
    const [x, y] = curve.points[curve.points.length - 1];
    if (curve.kind !== 'faint') {
      picture.append(shape('circle', { cx: scale.x(x), cy: scale.y(y), r: 3.5, class: `end color-${curve.color}` }));
    }
  }
}

// The lowest validation loss, whose weights are kept. A rise after it is overfitting.
// Its label goes below the point, or where no baseline's name is in the way.
function best() {
  if (!data.best || !data.best.length) return;
  const [step, loss] = data.best, x = scale.x(step), y = scale.y(loss);
  const late = step > scale.right / 2;
  const names = [...picture.querySelectorAll('text.name')].map((text) => text.getBBox());
  const label = shape('text', { x: x + (late ? -10 : 10), class: `tick name best ${late ? 'end' : ''}` },
    `best ${loss.toFixed(2)}`);
  picture.append(shape('circle', { cx: x, cy: y, r: 6, class: 'best color-1' }), label);
  for (const below of [15, 27, 39, -14, -26, -38, -50, -62]) {
    label.setAttribute('y', y + below);
    if (y + below < HEIGHT - MARGIN.bottom && !names.some((box) => overlap(box, label.getBBox()))) break;
  }
}

function overlap(a, b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function nearest(points, x) {
  return points.reduce((a, b) => (Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a));
}

function pointer() {
  const at = cursor ?? marked;
  tip.hidden = cursor === null;
  if (at === null || !data.curves.some((c) => c.points.length)) { tip.hidden = true; return; }
  const x = scale.x(Math.min(at, scale.right));
  picture.append(shape('line', { x1: x, x2: x, y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom, class: 'cursor' }));
  const rows = [];
  for (const curve of data.curves.filter((c) => c.kind !== 'faint' && c.points.length)) {
    const [px, py] = nearest(curve.points, at);
    picture.append(shape('circle', { cx: scale.x(px), cy: scale.y(py), r: 4.5, class: `end color-${curve.color}` }));
    rows.push(node('div', {}, node('i', { class: `key color-${curve.color}` }),
      `${curve.name} ${py.toFixed(3)} nats, ${bits(py).toFixed(2)} bits`));
  }
  if (tip.hidden) return;
  const place = data.unit === 'step' ? Math.round(at).toLocaleString('en') : short(at);
  tip.replaceChildren(node('b', {}, `${data.unit} ${place}`), ...rows);
  tip.style.left = `${Math.max(4, Math.min(x + 12, width - tip.offsetWidth - 4))}px`;
}

function paint() {
  if (!data) return;
  width = Math.max(260, root.clientWidth || width);
  picture.setAttribute('width', width);
  picture.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
  picture.replaceChildren();
  fit(); axes(); baselines(); curves(); names(); best(); pointer();
}

function describe() {
  const losses = data.curves.filter((c) => c.kind !== 'faint' && c.points.length)
    .map((c) => `${c.name} ${c.points[c.points.length - 1][1].toFixed(2)}`);
  const [step, loss] = data.best || [];
  if (step) losses.push(`best validation ${loss.toFixed(2)} at step ${step}`);
  picture.setAttribute('aria-label', losses.length
    ? `Loss in nats per character: ${losses.join(', ')}. Arrow keys read the curve.`
    : 'Loss chart, empty until training starts.');
  const named = data.curves.filter((c) => !c.quiet).map((c) => [`color-${c.color} ${c.kind}`, c.name]);
  if (data.curves.some((c) => c.quiet)) named.push(['previous dashed', 'dashed: unseen text']);
  legend.replaceChildren(...named.map(([kind, name]) => node('span', {}, node('i', { class: `key ${kind}` }), name)));
}

function read(event) {
  const box = picture.getBoundingClientRect();
  const part = (event.clientX - box.left - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
  cursor = Math.max(0, Math.min(1, part)) * scale.right;
  paint();
}

picture.addEventListener('pointermove', (event) => { if (scale) read(event); });
picture.addEventListener('pointerleave', () => { cursor = null; paint(); });
picture.addEventListener('blur', () => { cursor = null; paint(); });
picture.addEventListener('keydown', (event) => {
  const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!way || !scale) return;
  event.preventDefault();
  cursor = Math.max(0, Math.min(scale.right, (cursor ?? scale.right) + (way * scale.right) / 50));
  paint();
});
// The samples below move a mark along the curve.
window.addEventListener('charrnn:step', (event) => { marked = event.detail; paint(); });
new ResizeObserver(() => paint()).observe(root);

always((value) => {
  data = { ...value, curves: value.curves.map((c) => ({ ...c, points: parse(c.points) })) };
  heading.textContent = value.title;
  about.textContent = value.note;
  describe();
  paint();
});
