// One step in numbers, then the word unrolled: forward, backward, update. The network runs here.
const MOST = 40; // letters of a word: a copy of the network for each
const RATES = { rnn: 2, lstm: 2, gru: 1.5 }; // each learns `hello` in twenty updates
const NOTEBOOK = 'The recipe notebook: one sentence as the whole text, ten units, a high rate, and no clipping. Press 20 updates twice: the loss falls, and then it explodes.';
const SPEEDS = { slow: 1800, normal: 900, fast: 300 };
const state = { source: 'hello', cell: 'rnn', word: '', t: 3, phase: numbers.PHASES.loss, gate: 0, layer: 0, temperature: 1, back: null, reached: 0 };
let value = null, experiment = null;

// ---- which network ----

function unpacked(start) { return { ...start, parameters: network.unpack(start.weights, start.shapes) }; }

function open() {
  const { source, cell } = state, settings = { rate: RATES[cell], clip: 0.5 };
  if (source === 'own') {
    const { model, ids } = window.charrnnModel;
    experiment = new Experiment(model, ids.slice(0, MOST), { rate: 0.5, clip: 1 });
  } else if (source === 'notebook') {
    const start = unpacked(value.starts.notebook);
    experiment = new Experiment(start, Array.from(start.text, (c) => start.symbols.indexOf(c)), { rate: 3.4, clip: 0, endless: true });
  } else {
    const letters = Array.from(source === 'word' ? state.word : 'hello'), symbols = [...new Set(letters)].sort();
    const model = source === 'word' ? firstModel(cell, symbols, 8) : unpacked(value.starts[cell]);
    experiment = new Experiment(model, letters.map((c) => model.symbols.indexOf(c)), settings);
  }
  state.t = Math.min(state.t, experiment.steps.length - 1);
  state.layer = experiment.model.layers - 1;
  state.gate = experiment.model.cell === 'lstm' ? 1 : 0;
  state.phase = numbers.PHASES.loss;
  state.back = null;
  rate.value = experiment.rate;
  clip.value = experiment.clip || 0.5;
  clipped.checked = experiment.clip > 0;
  clip.disabled = !clipped.checked;
  draw(true);
}

// ---- the controls ----

const lead = node('p', { class: 'lead' });
const own = node('input', { type: 'text', maxlength: 24, size: 14, 'aria-label': 'A word of your own, 2 to 24 letters' });
const use = press('Read it', () => readOwn());
const complaint = node('span', { class: 'note', role: 'status' });
const source = choice('Network', [['hello', 'hello'], ['notebook', 'notebook'], ['word', 'your own word'], ['own', 'your model']], 'hello', (picked) => {
  player.stop();
  state.source = picked;
  ownWord.hidden = picked !== 'word';
  if (picked === 'word') own.value = state.word = state.word || 'banana';
  open();
});
const ownWord = node('span', { class: 'field', hidden: '' }, own, use);
const cell = choice('Network type', [['rnn', 'RNN'], ['lstm', 'LSTM'], ['gru', 'GRU']], 'rnn', (picked) => { player.stop(); state.cell = picked; open(); });
const speed = node('select', { 'aria-label': 'Speed' }, ...Object.keys(SPEEDS).map((name) => node('option', {}, name)));
speed.value = 'normal';
const play = press('Play', () => (player.running() ? player.stop() : player.start(() => go(1), () => SPEEDS[speed.value])));
const player = ticker((running) => { play.textContent = running ? 'Pause' : 'Play'; });
const steps = node('div', { class: 'tools' },
  press('◀ Back', () => { player.stop(); go(-1); }), press('Step ▶', () => { player.stop(); go(1); }, { class: 'small primary' }),
  press('Next letter ▶▶', () => { player.stop(); choose((state.t + 1) % experiment.steps.length); }),
  node('span', { class: 'field moving' }, play, speed));

function readOwn() {
  const letters = Array.from(own.value.trim());
  if (letters.length < 2 || new Set(letters).size < 2) {
    complaint.textContent = 'Give a word with at least two different letters.';
    return;
  }
  complaint.textContent = '';
  state.word = letters.slice(0, 24).join('');
  open();
}
own.addEventListener('keydown', (event) => { if (event.key === 'Enter') readOwn(); });

function go(by) {
  const place = experiment.moved(state.t, state.phase, by);
  [state.t, state.phase] = place || (by > 0 ? [0, 0] : [state.t, state.phase]);
  state.back = null;
  draw(true);
  return true;
}

function choose(t) {
  Object.assign(state, { t, phase: numbers.PHASES.loss, back: null });
  draw(true);
}

// ---- gates ----

const rows = node('span', { class: 'field' });
const layers = node('select', { 'aria-label': 'Layer' });
layers.addEventListener('change', () => { state.layer = Number(layers.value); draw(true); });
const wholeGate = node('span', { class: 'field' },
  ...[['shut (0)', 0], ['half', 0.5], ['open (1)', 1]].map(([text, to]) => press(text, () => holdAll(to), { 'data-hold': to })),
  press('let go', () => { experiment.release(); draw(); }));
const gates = node('div', { class: 'tools gates' }, rows, node('span', {}, 'Hold all its units:'), wholeGate,
  node('span', { class: 'note' }, 'or drag a valve in the picture; Delete lets it go.'));

function holdAll(to) {
  for (let u = 0; u < experiment.model.hidden_size; u += 1) experiment.held.set(`${state.layer} ${state.gate} ${u}`, to);
  experiment.read();
  state.back = null;
  draw();
}

function drawGates() {
  const names = network.CELLS[experiment.model.cell].gates;
  gates.hidden = names.length < 2;
  const picked = choice('Gate', names.map((name, k) => [k, `${name}: ${numbers.GATES[name]}`]), state.gate, (k) => { state.gate = k; draw(); });
  const focused = rows.contains(document.activeElement);
  rows.replaceChildren('Rows of ', picked.group);
  if (focused) picked.group.querySelector('[aria-checked=true]').focus();
  const squashed = ['g', 'n'].includes(names[state.gate]);
  wholeGate.querySelectorAll('[data-hold]').forEach((button) => { button.disabled = squashed; });
}

// ---- backwards and update ----

const degree = node('input', { type: 'range', min: 0.1, max: 2, step: 0.05, 'aria-label': 'Temperature' }), degrees = node('b');
degree.addEventListener('input', () => { state.temperature = Number(degree.value); draw(); });
const temperature = node('div', { class: 'tools temperature' }, 'Temperature', degree, degrees, node('span', { class: 'note' }, 'how daring a draw would be; the loss is always that of temperature 1'));

const row = node('div', { class: 'copies', tabindex: 0, role: 'group', 'aria-label': 'The network unrolled over the word: a copy for each letter' });
const explanation = node('p', { class: 'arithmetic', role: 'status' }), chart = node('div', { class: 'chart-of-losses' });
const rate = node('input', { type: 'number', min: 0, max: 20, step: 0.1, 'aria-label': 'Learning rate' });
const clip = node('input', { type: 'number', min: 0.05, max: 20, step: 0.05, 'aria-label': 'Longest gradient' });
const clipped = node('input', { type: 'checkbox' }), clipping = node('span', { class: 'note warning', role: 'status' });
for (const input of [rate, clip, clipped]) input.addEventListener('change', settings);
const trainer = ticker((running) => { twenty.textContent = running ? 'Stop' : '20 updates'; });
const twenty = press('20 updates', () => {
  if (trainer.running()) { trainer.stop(); return; }
  let left = 20;
  trainer.start(() => { update(); left -= 1; return left > 0 && Number.isFinite(experiment.loss); }, () => 120, true);
});
const goBack = press('◀ Backwards', backwards, { class: 'small backwards' });
const learn = node('div', { class: 'tools' }, goBack, press('Update', () => { trainer.stop(); update(); }, { class: 'small primary' }), twenty,
  press('Undo', () => { trainer.stop(); experiment.undo(); state.back = null; draw(); }), press('Start over', () => { trainer.stop(); experiment.restart(); state.back = null; draw(); }),
  field('rate', rate), node('label', { class: 'field' }, clipped, ' clip at ', clip), clipping);

function settings() {
  experiment.rate = Math.max(0, Number(rate.value) || 0);
  experiment.clip = clipped.checked ? Math.max(0, Number(clip.value) || 0) : 0;
  clip.disabled = !clipped.checked;
  drawLearning();
}

// The loss of the letter now read goes back, one copy of the network at a time.
function backwards() {
  player.stop();
  trainer.stop();
  state.phase = numbers.PHASES.loss;
  state.back = experiment.backward(state.t);
  state.reached = state.t;
  draw();
  trainer.start(() => {
    if (state.reached === 0 || !state.back) return false;
    state.reached -= 1;
    draw();
    return state.reached > 0;
  }, () => 350, true);
}

function update() {
  experiment.update();
  state.back = null;
  draw();
}

function drawLearning() {
  const { losses, norms } = experiment, { t, back, reached } = state;
  const { units } = view(), focused = row.contains(document.activeElement) ? document.activeElement.dataset.t : undefined;
  row.replaceChildren(...unrolled.copies({ experiment, t, units, back, reached }, choose));
  if (focused !== undefined) row.querySelector(`[data-t='${focused}']`).focus();
  chart.replaceChildren(curves.loss(losses, experiment.explosion()), ...(norms.length ? [curves.gradients(norms, experiment.clip)] : []));
  explanation.textContent = back ? reports.backward(experiment, t, back, reached)
    : norms.length ? reports.update(experiment, state.source === 'notebook') : reports.start(experiment, state.source === 'own');
  clipping.textContent = clipped.checked ? '' : 'Clipping is off.';
}

// ---- drawing ----

function view() {
  const window = windowOf(experiment.model, experiment.steps, state.t, state.layer);
  return { ...window, layer: state.layer, gate: state.gate, target: experiment.targets[state.t], temperature: state.temperature };
}

const picture = flow.create({
  hold(gate, unit, to) { const { units } = view(); experiment.hold(state.layer, gate, units[unit], to); state.back = null; draw(); },
  release(gate, unit) { const { units } = view(); experiment.release(state.layer, gate, units[unit]); state.back = null; draw(); },
});
const about = node('p', { class: 'about' });
const windowNote = node('p', { class: 'note' });
const legend = node('p', { class: 'note' }, 'Blue is positive, orange is negative, stronger is larger. Point at a number, or move among them with the arrow keys, to see how it was computed. Numbers are rounded to two digits.');

function draw(moved = false) {
  const { model, steps: read } = experiment, shown = view(), names = network.CELLS[model.cell].gates;
  const before = experiment.inputs.slice(0, state.t).map((id) => sign(model.symbols[id])).join(' ');
  lead.replaceChildren(...(before ? ['The network has read ', node('b', {}, before), ' and now reads '] : ['The network has read nothing and now reads ']),
    node('b', {}, sign(model.symbols[read[state.t].id])), '. What will it guess next, and why?');
  about.hidden = Boolean(window.charrnnLesson) && window.charrnnLesson.cell === model.cell && state.source === 'hello';
  about.textContent = state.source === 'notebook' ? NOTEBOOK : value.starts[model.cell].about;
  cell.show(model.cell);
  cell.enable(!['own', 'notebook'].includes(state.source));
  const large = model.hidden_size > shown.units.length;
  const letters = model.symbols.length, unseen = shown.outputs.length < letters;
  windowNote.textContent = [
    large ? `A window into a network of ${model.hidden_size} units: the ${shown.units.length} most active over this text. All the others are in every sum.` : '',
    unseen ? `Of its ${letters} letters, ${shown.outputs.length} are shown; p over all of them adds up to 100 %.` : '',
  ].join(' ').trim();
  picture.draw({ letter: sign(model.symbols[read[state.t].id]), blocks: numbers.blocks(model, read[state.t], shown), equations: numbers.equations(model.cell, names[state.gate], state.temperature), phase: state.phase, gate: names.length > 1 ? names[state.gate] : '' }, moved);
  drawGates();
  degree.value = state.temperature;
  degrees.textContent = state.temperature.toFixed(2);
  layers.hidden = model.layers < 2;
  if (model.layers > 1) {
    layers.replaceChildren(...Array.from({ length: model.layers }, (_, k) => node('option', { value: k }, `layer ${k + 1}`)));
    layers.value = state.layer;
  }
  drawLearning();
}

const word = node('section', { class: 'word' },
  node('h2', {}, 'The whole word, and backwards'),
  node('p', { class: 'note' }, 'One network, drawn once for each letter it reads: the weights are the same in every copy, and only the memory goes from one to the next. Choose a copy to see its numbers. Backwards sends the loss of that letter back; Update uses the mean loss of all letters.'),
  row, learn, node('div', { class: 'learning' }, explanation, chart));
const step = node('section', { class: 'step' }, lead, about, legend, windowNote,
  node('div', { class: 'step-picture' }, ...picture.parts.slice(0, 2), node('div', { class: 'controls' }, picture.parts[2], steps)));
const parts = [step, gates, temperature, word];
root.replaceChildren(node('div', { class: 'tools' }, source.group, ownWord, cell.group, layers, complaint), ...parts);

// ---- lessons of the tour ----
//
// A lesson's setup: { cell, updates, t, phase, gate, to }, where `to` is the part that comes first.
const FIRST = { learn: word, gates, temperature };

function arrange(first = step) {
  root.append(first, ...parts.filter((part) => part !== first));
}

function teach() {
  const lesson = window.charrnnLesson;
  if (!value || !lesson) { root.classList.remove('aside'); arrange(); return; }
  root.classList.toggle('aside', lesson.to === 'trained');
  arrange(FIRST[lesson.to]);
  if (!lesson.cell) return;
  player.stop();
  trainer.stop();
  Object.assign(state, { source: 'hello', cell: lesson.cell, t: lesson.t, temperature: 1 });
  source.show('hello');
  ownWord.hidden = true;
  open();
  for (let k = 0; k < lesson.updates; k += 1) experiment.update();
  if (lesson.gate !== undefined) state.gate = lesson.gate;
  if (lesson.phase !== undefined) state.phase = lesson.phase;
  draw(true);
}
document.addEventListener('charrnn-lesson', () => { if (root.isConnected) teach(); });

// The visitor's model, once trained_model.js or the exported page has put it there.
function owned() {
  const there = Boolean(window.charrnnModel);
  root.querySelector("[data-choice='own']").hidden = !there;
  if (state.source !== 'own') return;
  if (!there) { state.source = 'hello'; source.show('hello'); }
  open();
}
document.addEventListener('charrnn-model', () => { if (root.isConnected && value) owned(); });

always((fresh) => {
  if (value) return;
  value = fresh;
  if (value.own) window.charrnnModel = { model: unpacked(value.own.model), ids: value.own.ids };
  owned();
  open();
  teach();
});
