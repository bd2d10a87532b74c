// The samples: one text for each moment of the training, from one seed and the same random numbers.
const place = node('span', { class: 'note' });
const slider = node('input', { type: 'range', min: 0, max: 0, value: 0, step: 1,
  'aria-label': 'Moment of the training to read a sample from' });
const play = node('button', { type: 'button', class: 'small', title: 'Replay from the first step' }, '▶ Replay');
const seed = node('b'), tail = node('span');
const text = node('pre', { dir: 'auto', tabindex: 0, role: 'region', 'aria-label': 'Sample text' }, seed, tail);
root.replaceChildren(
  node('div', { class: 'head' }, node('strong', {}, 'Sample'), place),
  node('div', { class: 'replay' }, play, slider), text);
let samples = [], timer = null, following = true;

function show(index) {
  slider.value = index;
  const sample = samples[index];
  place.textContent = sample
    ? `step ${sample.step.toLocaleString('en')}${sample.loss ? `, loss ${sample.loss}` : ''}`
    : 'what the model writes while it learns, from one seed and the same random numbers';
  tail.textContent = sample ? sample.text : '';
  const detail = sample && !following ? sample.step : null;
  window.dispatchEvent(new CustomEvent('charrnn:step', { detail }));
}

function halt() { clearInterval(timer); timer = null; play.textContent = '▶ Replay'; }

play.addEventListener('click', () => {
  if (timer) { halt(); return; }
  let index = 0;
  following = false;
  play.textContent = '■ Pause';
  show(0);
  timer = setInterval(() => {
    index += 1;
    if (index >= samples.length - 1) { following = true; halt(); }
    show(Math.min(index, samples.length - 1));
  }, 450);
});
slider.addEventListener('input', () => {
  halt();
  following = Number(slider.value) >= samples.length - 1;
  show(Number(slider.value));
});

always((value) => {
  const flat = value.samples || [];
  samples = [];
  for (let i = 0; i + 2 < flat.length; i += 3) {
    samples.push({ step: Number(flat[i]), loss: flat[i + 1], text: flat[i + 2] });
  }
  seed.textContent = samples.length ? value.seed || '' : '';
  slider.max = Math.max(0, samples.length - 1);
  slider.disabled = play.disabled = samples.length < 2;
  if (following || Number(slider.value) >= samples.length) { following = true; show(samples.length - 1); }
});
