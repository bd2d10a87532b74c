// What is in the chosen text, counted here while it is typed; the server says which model training
// starts from and what to expect, once the typing pauses.
const PAUSE = 700; // milliseconds without a key before the server is asked
const counts = node('b'), plan = node('span'), advice = node('span', { class: 'note' });
const cut = node('span', { class: 'note cut' });
root.setAttribute('role', 'status');
root.append(counts, ' ', cut, plan, ' ', advice);
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
  const { text, pasted, most } = event.detail;
  // The text that was cut comes back as one of the greatest length: that is no news.
  if (pasted > most) {
    cut.textContent = `You pasted ${number(pasted, 'character', 'characters')}; the first ${most.toLocaleString('en')} are used. `;
  } else if (pasted < most - 1) cut.textContent = '';
  count(text);
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
