// A text colored by the model's surprise, letter by letter; a tooltip shows what else it expected.
const RECORD = 21, CHOICES = 5, UNSCORED = 65535, ONE_BOX = 600;
const title = node('strong'), note = node('span', { class: 'note' });
const scale = node('span', { class: 'scale' }, 'expected', node('i'), 'surprised');
const seed = node('b'), body = node('span'), caret = node('span', { class: 'caret', 'aria-hidden': 'true' });
const text = node('pre', { dir: 'auto', tabindex: 0, role: 'group',
  'aria-label': 'Text colored by surprise. Left and right arrow keys read it letter by letter.' }, seed, body, caret);
const caption = node('p', { class: 'caption' });
root.replaceChildren(node('div', { class: 'head' }, title, note, scale), text, caption);
let letters = [], drawn = '', names = [], view = null, wasBusy = false;
const tooltip = tooltipOn(text, () => letters, describe);

function choice(index, k) {
  const at = index * RECORD;
  return { name: names[view.getUint16(at + 2 + 2 * k, true)], p: view.getUint8(at + 14 + k) / 255 };
}

function describe(index) {
  const raw = view.getUint16(index * RECORD + 12, true);
  const own = names[view.getUint16(index * RECORD, true)];
  if (raw === UNSCORED) return [node('p', {}, 'The first letter: nothing was read before it, so there was no guess.')];
  const nats = raw / 1000, rows = [];
  for (let k = 0; k < Math.min(CHOICES, names.length); k += 1) {
    const { name, p } = choice(index, k);
    const bar = node('i');
    bar.style.width = `${Math.max(1, 92 * p)}px`;
    rows.push(node('div', { class: name === own ? 'row own' : 'row' }, node('code', {}, sign(name)), bar, node('span', {}, percent(p))));
  }
  const copied = letters[index].classList.contains('copied') ? [node('p', {}, 'Part of a passage copied from the training text.')] : [];
  return [node('p', {}, node('code', {}, sign(own)), ` had ${percent(Math.exp(-nats))}: ${nats.toFixed(2)} nats of surprise`), ...rows, ...copied];
}

function append(from) {
  const count = view.byteLength / RECORD, fresh = document.createDocumentFragment();
  for (let i = from; i < count; i += 1) {
    const symbol = names[view.getUint16(i * RECORD, true)] ?? '', raw = view.getUint16(i * RECORD + 12, true);
    const letter = node('span', { 'data-i': i }, inText(symbol));
    if (symbol === '\n') letter.className = 'break';
    if (raw !== UNSCORED) letter.style.backgroundColor = heat(raw / 1000);
    letters.push(letter);
    fresh.append(letter);
  }
  body.append(fresh);
}

function underline(spans) {
  const inside = (spans || '').split(' ').filter(Boolean).map((span) => span.split('-').map(Number));
  let place = 0;
  letters.forEach((letter, i) => {
    const size = [...names[view.getUint16(i * RECORD, true)] ?? ''].length;
    letter.classList.toggle('copied', inside.some(([start, end]) => place < end && place + size > start));
    place += size;
  });
}

always((value) => {
  title.textContent = value.title || '';
  note.textContent = value.note || '';
  names = JSON.parse(value.names || '[]');
  const records = value.records || '';
  const grows = drawn && records.startsWith(drawn) && seed.textContent === (value.seed || '');
  if (!grows) { tooltip.hide(); letters = []; body.replaceChildren(); seed.textContent = value.seed || ''; text.scrollTop = 0; }
  const atEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 40;
  view = new DataView(bytes(records).buffer);
  append(letters.length);
  drawn = records;
  underline(value.copied);
  caret.hidden = !value.busy;
  text.setAttribute('data-empty', letters.length || seed.textContent ? '' : value.empty || '');
  caption.textContent = value.caption || '';
  // While the text grows, the box keeps its size and follows the end. Once the text is complete, the
  // box shows the first words again, and grows to fit a long text.
  const over = !value.busy && letters.length > 0;
  text.classList.toggle('whole', over && letters.length > ONE_BOX);
  if (over && wasBusy) text.scrollTop = 0;
  wasBusy = Boolean(value.busy);
  if (value.busy && atEnd) text.scrollTop = text.scrollHeight;
});
