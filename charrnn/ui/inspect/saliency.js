// Which earlier letters mattered for a guess. All gradients are in the value, so pointing answers at once.
const RECORD = 21;
const about = node('p', { class: 'caption' }), under = node('p', { class: 'caption' }), answer = node('p', { class: 'answer', 'aria-live': 'polite' });
const text = node('pre', { dir: 'auto', tabindex: 0, role: 'group', 'aria-label': 'Text; choose a letter to see which earlier ones mattered for its guess. Arrow keys move.' });
root.replaceChildren(about, answer, text, under);
let letters = [], names = [], view = null, data = null, lags = 0, held = false, current = -1;

function own(i) { return names[view.getUint16(i * RECORD, true)] ?? ''; }

function strength(i, j) {
  const lag = i - 1 - j;
  return lag >= 0 && lag < lags ? data[(i - 1) * lags + lag] / 255 : 0;
}

function explain(i) {
  const nats = view.getUint16(i * RECORD + 12, true) / 1000;
  const ranked = letters.map((_, j) => j).filter((j) => j < i && strength(i, j) > 0).sort((a, b) => strength(i, b) - strength(i, a)).slice(0, 4);
  answer.replaceChildren('To guess ', node('code', {}, sign(own(i))), ` (given ${percent(Math.exp(-nats))}) these mattered most: `,
    ...ranked.flatMap((j, k) => [k ? ', ' : '', node('code', {}, sign(own(j))), i - j === 1 ? ' just before' : ` ${i - j} back`]), '.');
}

function choose(i) {
  if (i === current) return;
  if (letters[current]) letters[current].classList.remove('current');
  current = i;
  letters.forEach((letter, j) => { letter.style.backgroundColor = i > 0 && j < i ? tint(Math.sqrt(strength(i, j))) : 'transparent'; });
  if (i < 0) { answer.textContent = ''; return; }
  letters[i].classList.add('current');
  if (i === 0) answer.textContent = 'Nothing was read before the first letter: choose a later one.';
  else explain(i);
}

function indexOf(event) { const letter = event.target.closest('[data-i]'); return letter ? Number(letter.dataset.i) : -1; }
text.addEventListener('mouseover', (event) => { const i = indexOf(event); if (!held && i >= 0) choose(i); });
text.addEventListener('click', (event) => { const i = indexOf(event); if (i < 0) return; held = !(held && i === current); text.classList.toggle('held', held); choose(i); });
text.addEventListener('keydown', (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  held = true;
  choose(Math.max(0, Math.min(letters.length - 1, current + step)));
});

always((value) => {
  about.textContent = value.about || '';
  names = JSON.parse(value.names || '[]');
  view = new DataView(bytes(value.records).buffer);
  data = bytes(value.data);
  lags = value.lags || 0;
  under.textContent = value.note || '';
  held = false;
  current = -1;
  letters = Array.from({ length: view.byteLength / RECORD }, (_, i) => node('span', own(i) === '\n' ? { 'data-i': i, class: 'break' } : { 'data-i': i }, inText(own(i))));
  text.replaceChildren(...letters);
  answer.textContent = letters.length ? '' : 'Reading …';
  if (letters.length > 1) choose(Math.min(letters.length - 1, 60));
});
