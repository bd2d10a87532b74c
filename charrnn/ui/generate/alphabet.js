// The model's alphabet under the box for the opening words: keys to press, and a mark on every symbol
// that the model never saw.
const KEYS = 160;
const verdict = node('p', { class: 'verdict', 'aria-live': 'polite' });
const keys = node('div', { class: 'keys' });
const more = node('details', {}, node('summary', {}), keys);
root.replaceChildren(verdict, more);
let known = new Set(), settings = { words: false, cleaning: 'none' };

function box() { return document.querySelector('#generate-seed textarea'); }

function check() {
  const seed = box();
  if (!seed) return;
  const unseen = [...new Set(rules.tokensAsKnown(seed.value, settings, known).filter((symbol) => !known.has(symbol)))];
  verdict.classList.toggle('warn', unseen.length > 0);
  if (!unseen.length) { verdict.replaceChildren(seed.value ? 'The model knows every character of these words.' : 'Without opening words, the model starts a new line.'); return; }
  const marks = unseen.slice(0, 12).map((symbol) => node('mark', {}, sign(symbol)));
  const fate = settings.unknown ? 'read as “unknown”' : 'skipped';
  verdict.replaceChildren('Never seen by the model, so ' + fate + ': ', ...marks, unseen.length > 12 ? ` and ${unseen.length - 12} more` : '');
}

function press(symbol) {
  const seed = box();
  if (!seed) return;
  const [start, end] = [seed.selectionStart ?? seed.value.length, seed.selectionEnd ?? seed.value.length];
  seed.setRangeText(symbol, start, end, 'end');
  seed.dispatchEvent(new Event('input', { bubbles: true }));
  seed.focus();
}

function listen(event) {
  if (!root.isConnected) { document.removeEventListener('input', listen, true); return; }
  if (event.target.closest('#generate-seed')) check();
}
document.addEventListener('input', listen, true);

always((value) => {
  settings = { words: false, cleaning: 'none', ...value };
  const symbols = JSON.parse(value.symbols || '[]');
  known = new Set(symbols);
  root.hidden = !symbols.length;
  more.firstChild.textContent = `The model's alphabet: ${symbols.length.toLocaleString('en')} ${value.words ? 'words and signs' : 'characters'}`;
  keys.replaceChildren(...symbols.slice(0, KEYS).map((symbol) => {
    const key = node('button', { type: 'button', class: 'key-cap', 'aria-label': `Insert ${sign(symbol)}` }, sign(symbol));
    key.addEventListener('click', () => press(symbol));
    return key;
  }));
  more.open = symbols.length <= KEYS && window.innerWidth > 640;
  check();
  setTimeout(check, 300); // the seed box may mount after this picture
});
