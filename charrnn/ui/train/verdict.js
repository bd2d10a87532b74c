// What is in the chosen text, counted here while it is typed; the server says which model training
// starts from and what to expect, once the typing pauses.
const PAUSE = 700; // milliseconds without a key before the server is asked
const PASTED = 50; // so many characters more or fewer at once were pasted: nobody is typing
const SOON = 200; // milliseconds then, in which the page takes the text in
const counts = node('b'), plan = node('span'), advice = node('span', { class: 'note' });
const cut = node('span', { class: 'note cut' });
root.setAttribute('role', 'status');
root.append(counts, ' ', cut, plan, ' ', advice);
let timer = null, length = 0;

const number = (n, one, many) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

// One pass without an array: 9 ms for a megabyte, where Array.from and a Set take 80.
function count(text) {
  const seen = new Uint8Array(65536), beyond = new Set();
  let characters = 0, different = 0;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.codePointAt(i);
    characters += 1;
    if (code > 0xffff) { // two units of UTF-16
      beyond.add(code);
      i += 1;
    } else if (!seen[code]) {
      seen[code] = 1;
      different += 1;
    }
  }
  counts.textContent = text
    ? `${number(characters, 'character', 'characters')}, ${number(different + beyond.size, 'different one', 'different')}.` : '';
}

function ask(pause) {
  clearTimeout(timer);
  plan.textContent = 'Looking for the best start…';
  advice.textContent = '';
  root.dataset.mood = 'busy';
  // In a frame of its own: the page has taken the text in by the frame before, however slow it is.
  timer = setTimeout(() => requestAnimationFrame(() => trigger('check', {})), pause);
}

function listen(event) {
  if (!root.isConnected) { window.removeEventListener('charrnn:text', listen); return; }
  const { text, pasted, most } = event.detail;
  // The text that was cut comes back as one of the greatest length: that is no news.
  if (pasted > most) {
    cut.textContent = `You pasted ${number(pasted, 'character', 'characters')}; the first ${most.toLocaleString('en')} are used. `;
  } else if (pasted < most - 1) cut.textContent = '';
  count(text);
  ask(Math.abs(text.length - length) > PASTED ? SOON : PAUSE);
  length = text.length;
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
  const chosen = document.querySelector('.chips input:checked');
  if (value.of && chosen && chosen.value !== value.of) return; // about a text chosen before
  if (value.counts) counts.textContent = value.counts;
  plan.textContent = value.plan || '';
  advice.textContent = value.advice || '';
  root.dataset.mood = value.mood || '';
});
