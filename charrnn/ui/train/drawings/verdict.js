// What is in the chosen text, counted here while it is typed; the server says which model training
// starts from and what to expect, once the typing pauses.
const PAUSE = 700; // milliseconds without a keystroke before the server is asked
const PASTED = 50; // a change of so many characters at once is a paste, not typing
const SOON = 200; // milliseconds after a paste, in which the page takes in the text
const LONG = 100_000; // characters at once that the browser takes noticeably long to lay out
const counts = node('b'), plan = node('span'), advice = node('span', { class: 'note' });
const cut = node('span', { class: 'note cut' });
root.setAttribute('role', 'status');
root.append(counts, ' ', cut, plan, ' ', advice);
let timer = null, length = 0, most = Infinity;
let held = null; // the box while the browser may not lay out what was pasted

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
  // In a separate frame: by the previous one, the page has taken in the text, however slow it is.
  timer = setTimeout(() => requestAnimationFrame(check), pause);
}

function check() {
  clearTimeout(timer);
  trigger('check', {});
  if (held) held.style.contentVisibility = '';
  held = null;
}

function measure(text, pasted) {
  // A text that was cut comes back at the greatest length, which is not a change.
  if (pasted > most) {
    cut.textContent = `You pasted ${number(pasted, 'character', 'characters')}; the first ${most.toLocaleString('en')} are used. `;
  } else if (pasted < most - 1) cut.textContent = '';
  count(text);
}

function listen(event) {
  if (!root.isConnected) { window.removeEventListener('charrnn:text', listen); return; }
  const { text, pasted } = event.detail;
  most = event.detail.most;
  measure(text, pasted);
  ask(Math.abs(text.length - length) > PASTED ? SOON : PAUSE);
  length = text.length;
  if (held) requestAnimationFrame(hurry);
}
window.addEventListener('charrnn:text', listen);

// A long text that is pasted into the empty box is laid out, which takes the browser half a second
// for a megabyte, only once its counts are shown and the server is asked. A script that changes the
// box takes away what Undo knows, so a box with something to go back to is left to the browser.
function paste(event) {
  if (!root.isConnected) { document.removeEventListener('paste', paste, true); return; }
  const box = event.target;
  if (!box.matches?.('#train-text textarea') || box.value) return;
  const text = (event.clipboardData?.getData('text/plain') ?? '').replaceAll(/\r\n?/g, '\n');
  if (text.length < LONG) return;
  event.preventDefault();
  measure(text.slice(0, most), text.length);
  ask(SOON);
  held = box;
  box.style.contentVisibility = 'hidden';
  box.setRangeText(text, 0, 0, 'end');
  box.dispatchEvent(new Event('input', { bubbles: true }));
}

// Ask as soon as the page has taken in the text and chosen it, or after the pause.
function hurry() {
  if (!held) return;
  if (document.querySelector('.chips input:checked')?.value === 'own') check();
  else requestAnimationFrame(hurry);
}
document.addEventListener('paste', paste, true);

let opened = false;
always((value) => {
  most = value.most ?? most;
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
