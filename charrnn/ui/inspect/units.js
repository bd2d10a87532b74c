// A text colored by one unit of a layer or gate. All units are in the value, so changing the unit needs no server.
const about = node('p', { class: 'caption' });
const part = node('select', { 'aria-label': 'What to color the text by' });
const slider = node('input', { type: 'range', min: 1, step: 1, 'aria-label': 'Unit' });
const back = node('button', { type: 'button', class: 'small narrow', 'aria-label': 'Previous unit' }, '‹');
const on = node('button', { type: 'button', class: 'small narrow', 'aria-label': 'Next unit' }, '›');
const label = node('strong', { class: 'unit' }), follows = node('span', { class: 'note' });
const low = node('span'), high = node('span'), scale = node('span', { class: 'scale both' }, low, node('i'), high);
const trait = node('select', { 'aria-label': 'Find a unit that follows this' });
const chips = node('div', { class: 'chips' });
const text = node('pre', { dir: 'auto', tabindex: 0, role: 'group', 'aria-label': 'Text colored by one unit' });
const canvas = node('canvas', { tabindex: 0, role: 'img', 'aria-label': 'All units over the text: a row for each unit, a column for each letter' });
const line = node('div', { class: 'line' }), map = node('div', { class: 'map' }, canvas, line);
const under = node('p', { class: 'caption' });
root.replaceChildren(about,
  node('div', { class: 'tools' }, part, back, slider, on, label, scale),
  node('div', { class: 'tools' }, node('span', {}, 'Find me a unit that follows'), trait, chips),
  node('div', { class: 'page' }, text), follows, map, under);
// Units are numbered from 0 here and from 1 on the page.
let value = null, matrix = null, fit = null, traits = [], letters = [], order = [], count = 0, unit = 0, names = [], ids = [], middle = [], limits = [];
const tooltip = tooltipOn(text, () => letters, (i) => [node('p', {}, node('code', {}, sign(names[ids[i]] ?? '')), ` unit ${unit + 1}: ${amount(i, unit).toFixed(2)}`)]);

function amount(place, u) { return middle[u] + (matrix[place * count + u] / 127) * limits[u]; }

function best(u) {
  let at = -1;
  traits.forEach((_, f) => { if (at < 0 || Math.abs(fit[f * count + u]) > Math.abs(fit[at * count + u])) at = f; });
  return at < 0 ? '' : `Follows most closely: ${traits[at]} (correlation ${signed(fit[at * count + u] / 127)}).`;
}

function signed(r) { return (r < 0 ? '−' : '+') + Math.abs(r).toFixed(2); }

function paint() {
  slider.value = unit + 1;
  label.textContent = `unit ${unit + 1} of ${count}`;
  letters.forEach((letter, i) => { letter.style.backgroundColor = tint(matrix[i * count + unit] / 127); });
  follows.textContent = best(unit);
  line.style.top = `${(100 * (order.indexOf(unit) + 0.5)) / count}%`;
}

function paintMap() {
  const width = letters.length, pen = canvas.getContext('2d');
  canvas.width = width;
  canvas.height = count;
  const above = rgb('--above'), below = rgb('--below'), image = pen.createImageData(width, count);
  for (let row = 0; row < count; row += 1) {
    for (let place = 0; place < width; place += 1) {
      const x = matrix[place * count + order[row]], at = 4 * (row * width + place);
      image.data.set(x < 0 ? below : above, at);
      image.data[at + 3] = Math.min(255, Math.abs(x) * 2);
    }
  }
  pen.putImageData(image, 0, 0);
}

function sort() {
  const f = traits.indexOf(trait.value);
  order = Array.from({ length: count }, (_, u) => u);
  if (f >= 0) order.sort((a, b) => fit[f * count + b] - fit[f * count + a]);
  under.textContent = `All ${count} units, one row each, ${f >= 0 ? `those that rise with “${traits[f]}” on top` : 'in their own order'}; a column for each letter. Click a row to watch that unit.`;
  chips.replaceChildren(...((JSON.parse(value.matches || '{}')[trait.value]) || []).map(chip));
  paintMap();
}

function chip([layer, name, u, r]) {
  const where = JSON.parse(value.options).find((option) => option[0] === layer && option[1] === name);
  const made = node('button', { type: 'button', class: 'small' }, `${where ? where[2].split(':')[0] : name} ${u + 1} `, node('b', {}, signed(r)));
  made.addEventListener('click', () => {
    if (layer === value.layer && name === value.part) { unit = u; paint(); } else { kept = trait.value; trigger('choose', { layer, part: name, unit: u }); }
  });
  return made;
}
let kept = '';

slider.addEventListener('input', () => { unit = Number(slider.value) - 1; paint(); });
back.addEventListener('click', () => { unit = (unit + count - 1) % count; paint(); });
on.addEventListener('click', () => { unit = (unit + 1) % count; paint(); });
trait.addEventListener('change', () => { sort(); const first = chips.querySelector('button'); if (first) first.click(); paint(); });
part.addEventListener('change', () => {
  const [layer, name] = part.value.split(' ');
  kept = trait.value;
  trigger('choose', { layer: Number(layer), part: name, unit });
});
function place(event) {
  const frame = canvas.getBoundingClientRect();
  const row = Math.max(0, Math.min(count - 1, Math.floor((count * (event.clientY - frame.top)) / frame.height)));
  return [Math.max(0, Math.min(letters.length - 1, Math.floor((letters.length * (event.clientX - frame.left)) / frame.width))), order[row]];
}
canvas.addEventListener('click', (event) => { if (count) { [, unit] = place(event); paint(); } });
canvas.addEventListener('mousemove', (event) => {
  if (!count) return;
  const [at, u] = place(event);
  canvas.title = `unit ${u + 1} at ${sign(names[ids[at]] ?? '')}: ${amount(at, u).toFixed(2)}`;
});
canvas.addEventListener('keydown', (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !count) return;
  event.preventDefault();
  unit = order[(order.indexOf(unit) + step + count) % count];
  paint();
});

always((fresh) => {
  about.textContent = fresh.about || '';
  root.classList.toggle('bare-body', !fresh.data);
  if (!fresh.data) return;
  value = fresh;
  names = JSON.parse(value.names);
  ids = new Uint16Array(bytes(value.ids).buffer);
  matrix = new Int8Array(bytes(value.data).buffer);
  middle = new Float32Array(bytes(value.middle).buffer);
  limits = new Float32Array(bytes(value.limits).buffer);
  [low.textContent, high.textContent] = value.ends.split('|');
  fit = new Int8Array(bytes(value.fit).buffer);
  traits = JSON.parse(value.traits);
  count = value.units;
  unit = Math.min(value.unit, count - 1);
  slider.max = count;
  tooltip.hide();
  letters = Array.from(ids, (id, i) => node('span', names[id] === '\n' ? { 'data-i': i, class: 'break' } : { 'data-i': i }, inText(names[id] ?? '')));
  text.replaceChildren(...letters);
  part.replaceChildren(...JSON.parse(value.options).map(([layer, name, title]) => {
    const option = node('option', { value: `${layer} ${name}` }, title);
    option.selected = layer === value.layer && name === value.part;
    return option;
  }));
  trait.replaceChildren(node('option', { value: '' }, 'choose …'), ...traits.map((name) => node('option', { value: name }, name)));
  trait.value = traits.includes(kept) ? kept : '';
  sort();
  paint();
});
