// The samples: one text for each moment of the training, from one seed and the same random numbers.
const place = node('span', { class: 'note' });
const slider = node('input', { type: 'range', min: 0, max: 0, value: 0, step: 1,
  'aria-label': 'Which moment of the training to show' });
const play = node('button', { type: 'button', class: 'small', title: 'Replay from the first step' }, '▶ Replay');
const from = node('button', { type: 'button', class: 'small', title: 'Let Generate use the model as it was at this moment' }, 'Write from here');
const seed = node('b'), tail = node('span');
const text = node('pre', { dir: 'auto', tabindex: 0, role: 'region', 'aria-label': 'Sample text' }, seed, tail);
root.replaceChildren(
  node('div', { class: 'head' }, node('strong', {}, 'Sample'), place, from),
  node('div', { class: 'replay' }, play, slider), text);
from.hidden = true;
let samples = [], kept = new Set(), end = 0, timer = null, following = true, chosen = '';

function show(index) {
  slider.value = index;
  const sample = samples[index];
  const which = sample && sample.best ? 'best on unseen text, ' : '';
  place.textContent = sample
    ? `${which}step ${sample.step.toLocaleString('en')}${sample.loss ? `, loss ${sample.loss}` : ''}`
    : 'what the model writes while it learns, from one seed and the same random numbers';
  tail.textContent = sample ? sample.text : '';
  from.hidden = kept.size === 0;
  from.disabled = !sample || !(sample.best || kept.has(sample.step));
  const detail = sample && !following ? sample.step : null;
  window.dispatchEvent(new CustomEvent('charrnn:step', { detail }));
}

function halt() { clearInterval(timer); timer = null; play.textContent = '▶ Replay'; }

from.addEventListener('click', () => {
  const sample = samples[Number(slider.value)];
  if (sample) trigger('write', { step: sample.best ? 'best' : sample.step });
});
play.addEventListener('click', () => {
  if (timer) { halt(); return; }
  let index = 0;
  following = false;
  play.textContent = '■ Pause';
  show(0);
  timer = setInterval(() => {
    index += 1;
    if (index >= end) { following = true; halt(); }
    show(Math.min(index, end));
  }, 450);
});
slider.addEventListener('input', () => {
  halt();
  following = Number(slider.value) === end;
  show(Number(slider.value));
});

function entry(flat, i) { return { step: Number(flat[i]), loss: flat[i + 1], text: flat[i + 2] }; }

always((value) => {
  const flat = value.samples || [], best = value.best || [];
  samples = [];
  for (let i = 0; i + 2 < flat.length; i += 3) samples.push(entry(flat, i));
  kept = new Set((value.kept || '').split(' ').filter(Boolean).map(Number));
  // The last one is by the weights that Generate uses.
  if (best.length) samples.splice(value.version === 'best' ? samples.length : -1, 0, { ...entry(best, 0), best: true });
  end = Math.max(0, samples.length - 1);
  const at = samples.findIndex((sample) => sample.step === value.step && !sample.best);
  if (value.version === 'sample' && at >= 0) end = at;
  seed.textContent = samples.length ? value.seed || '' : '';
  slider.max = Math.max(0, samples.length - 1);
  slider.disabled = play.disabled = samples.length < 2;
  const version = `${value.version || ''} ${value.step || ''}`;
  if (following || version !== chosen || Number(slider.value) >= samples.length) { following = true; show(end); }
  chosen = version;
});
