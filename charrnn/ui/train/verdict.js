// What is in the chosen text, counted here while it is typed; the server says which model training
// starts from and what to expect, once the typing pauses.
const PAUSE = 700; // milliseconds without a key before the server is asked
const counts = node('b'), plan = node('span'), advice = node('span', { class: 'note' });
root.setAttribute('role', 'status');
root.append(counts, ' ', plan, ' ', advice);
let timer = null;

const number = (n, one, many) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

function count(text) {
  const characters = Array.from(text);
  counts.textContent = text
    ? `${number(characters.length, 'character', 'characters')}, ${number(new Set(characters).size, 'different one', 'different')}.` : '';
}

function ask() {
  clearTimeout(timer);
  plan.textContent = 'Looking for the best start…';
  advice.textContent = '';
  root.dataset.mood = 'busy';
  timer = setTimeout(() => trigger('check', {}), PAUSE);
}

function listen(event) {
  if (!root.isConnected) { window.removeEventListener('charrnn:text', listen); return; }
  if (!event.detail) return;
  count(event.detail);
  ask();
}
window.addEventListener('charrnn:text', listen);

let opened = false;
always((value) => {
  if (!value.plan && !opened) { // the page has just opened
    opened = true;
    plan.textContent = 'Looking at the text…';
    setTimeout(() => trigger('check', {}), 50);
    return;
  }
  if (value.counts) counts.textContent = value.counts;
  plan.textContent = value.plan || '';
  advice.textContent = value.advice || '';
  root.dataset.mood = value.mood || '';
});
