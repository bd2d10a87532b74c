// The status card: a dot and a sentence, a progress bar, a row of numbers, a note.
const dot = node('span', { class: 'dot', 'aria-hidden': 'true' });
const title = node('strong', { role: 'status' });
const note = node('span', { class: 'note' });
const fill = node('div', { class: 'fill' });
const bar = node('div', { class: 'bar', role: 'progressbar', 'aria-label': 'Training progress',
  'aria-valuemin': 0, 'aria-valuemax': 100 }, fill);
const numbers = node('dl', { class: 'numbers' });
root.replaceChildren(node('div', { class: 'head' }, dot, title, note), bar, numbers);

function write(target, text) { if (target.textContent !== text) target.textContent = text; }

let last = '';
// The tab's title follows the run, for people who look elsewhere meanwhile.
const PLAIN = 'charrnn';
function titled(value, percent) {
  if (value.state === 'training') document.title = `${Math.round(percent)} % · ${PLAIN}`;
  else if (value.state === 'waiting') document.title = `waiting · ${PLAIN}`;
  else document.title = value.state === 'done' || value.state === 'stopped' ? `✓ ${PLAIN}` : PLAIN;
}

// A notification at the end, for those who asked for it and look elsewhere.
const bell = node('button', { type: 'button', class: 'small' }, 'Notify me');
bell.hidden = true;
bell.addEventListener('click', () => Notification.requestPermission().then(() => { bell.hidden = true; }));
title.after(bell);
function notify(value) {
  if (!('Notification' in window)) return;
  bell.hidden = value.state !== 'training' || Notification.permission !== 'default';
  const ended = last === 'training' && ['done', 'stopped', 'failed'].includes(value.state);
  if (ended && document.hidden && Notification.permission === 'granted') {
    new Notification(`charrnn: ${value.title}`, { body: value.note || '' });
  }
}

always((value) => {
  // On a narrow screen the card is below the button: bring it into sight.
  if (value.state !== last && last && value.state === 'training' && window.innerWidth < 700) {
    root.scrollIntoView({ behavior: 'smooth', block: 'start' });
  }
  notify(value);
  last = value.state;
  root.dataset.state = value.state;
  write(title, value.title);
  write(note, value.note || '');
  const percent = Math.max(0, Math.min(100, 100 * (value.fraction || 0)));
  fill.style.width = `${percent}%`;
  titled(value, percent);
  bar.setAttribute('aria-valuenow', Math.round(percent));
  const wanted = value.numbers || [];
  while (numbers.children.length > wanted.length) numbers.lastChild.remove();
  while (numbers.children.length < wanted.length) {
    numbers.append(node('div', {}, node('dt'), node('dd')));
  }
  wanted.forEach(([label, text], i) => {
    write(numbers.children[i].children[0], label);
    write(numbers.children[i].children[1], text);
  });
});
