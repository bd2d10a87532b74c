// A small network that writes in this browser, letter by letter, with bars of what comes next.
// It waits for nothing: its weights come with the page, and network.js computes each letter.
const LETTERS_A_SECOND = 14, KEPT = 900, BARS = 9, TEMPERATURE = 0.7;
const calm = matchMedia('(prefers-reduced-motion: reduce)');

const title = node('h2', {}), about = node('span', { class: 'note' });
const toggle = node('button', { type: 'button', class: 'small' }), next = node('button', { type: 'button', class: 'small' }, 'Next letter');
const text = node('div', { class: 'sheet', dir: 'auto', 'aria-hidden': 'true' });
const plot = node('div', { class: 'columns', role: 'img' });
root.replaceChildren(title, node('div', { class: 'head' }, about, toggle, next), text,
  node('div', { class: 'caption' }, 'What comes next?'), plot);

let model = null, state = null, read = null, playing = false, due = 0, visible = true, surprise = 0;
const columns = Array.from({ length: BARS }, () => {
  const column = { bar: node('i'), value: node('span', { class: 'value' }), label: node('span', { class: 'label' }) };
  plot.append(node('div', { class: 'column' }, node('div', { class: 'room' }, column.value, column.bar), column.label));
  return column;
});

function draw() {
  const chances = Array.from(network.softmax(read.logits, TEMPERATURE));
  const order = chances.map((_, i) => i).sort((a, b) => chances[b] - chances[a]).slice(0, BARS);
  columns.forEach((column, place) => {
    const id = order[place], p = id === undefined ? 0 : chances[id];
    column.bar.style.height = `${Math.max(1, 100 * p)}%`;
    column.label.textContent = id === undefined ? '' : sign(model.symbols[id]);
    column.value.textContent = p >= 0.005 ? Math.round(100 * p) : '';
  });
  plot.setAttribute('aria-label', 'Chances of the next letter: ' + order.slice(0, 3)
    .map((id) => `${sign(model.symbols[id])} ${percent(chances[id])}`).join(', '));
  return chances;
}

// Draw a letter from what is expected, show it, and read it.
function write() {
  const chances = draw();
  let left = Math.random(), id = chances.findIndex((p) => (left -= p) < 0);
  if (id < 0) id = chances.indexOf(Math.max(...chances));
  const nats = -Math.log(network.softmax(read.logits)[id]);
  const letter = node('span', {}, inText(model.symbols[id]));
  letter.style.background = heat(nats);
  text.append(letter);
  while (text.children.length > KEPT) text.firstChild.remove();
  text.scrollTop = text.scrollHeight;
  read = network.step(model, id, read.state);
  draw();
}

function frame(now) {
  if (!root.isConnected || !playing) return;
  if (visible && !document.hidden && root.offsetParent && now >= due) {
    due = now + 1000 / LETTERS_A_SECOND;
    write();
  }
  requestAnimationFrame(frame);
}

function play(on) {
  if (on === playing) return;
  playing = on;
  toggle.textContent = on ? 'Pause' : 'Write';
  next.hidden = on;
  if (on) requestAnimationFrame(frame);
}

toggle.addEventListener('click', () => play(!playing));
text.addEventListener('click', () => play(!playing));
next.addEventListener('click', write);
calm.addEventListener('change', () => play(!calm.matches));
new IntersectionObserver(([seen]) => { visible = seen.isIntersecting; }).observe(root);

always((value) => {
  if (!value.weights) return;
  title.textContent = value.title;
  about.textContent = value.note;
  const { cell, hidden_size, layers } = value;
  model = { cell, hidden_size, layers, symbols: JSON.parse(value.symbols) };
  model.parameters = network.unpackSixBits(value.weights, JSON.parse(value.shapes));
  text.replaceChildren();
  const ids = new Map(model.symbols.map((symbol, id) => [symbol, id]));
  let now = { state: network.initialState(model) };
  for (const symbol of value.seed) if (ids.has(symbol)) now = network.step(model, ids.get(symbol), now.state);
  read = now;
  draw();
  playing = true;
  play(false);
  if (calm.matches) for (let k = 0; k < 120; k += 1) write();
  else play(true);
});
