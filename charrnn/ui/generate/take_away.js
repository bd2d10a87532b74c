// Copies the generated text: as text, as a picture, as a link, as code for another page.
const WIDTH = 1200, MARGIN = 64, LINE = 40, MOST_LINES = 40;
const said = node('span', { class: 'note', role: 'status' });
const by_hand = node('textarea', { class: 'by-hand', rows: 2, readonly: '', hidden: '', 'aria-label': 'To copy by hand' });
let current = {};

function button(label, action) {
  const made = node('button', { type: 'button', class: 'small' }, label);
  made.addEventListener('click', async () => { by_hand.hidden = true; said.textContent = await action(); });
  return made;
}

const buttons = [button('Copy text', copyText), button('Copy picture', copyPicture),
  button('Copy link', copyLink), button('Copy embed code', copyCode), button('Look inside', lookInside)];
root.replaceChildren(node('div', { class: 'row' }, ...buttons, said), by_hand);

// The text of the output, without the marks for line breaks, which come from the style sheet.
function output() { return document.querySelector('#generate-output .reading pre'); }

async function toClipboard(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    return done;
  } catch { // refused, as in a frame: a person can then copy it
    by_hand.value = text;
    by_hand.hidden = false;
    by_hand.select();
    return 'This browser does not allow copying. The text is selected: press Ctrl+C.';
  }
}

// The Look inside tab reads it.
function lookInside() { trigger('look', { text: output().textContent }); return ''; }

function copyText() { return toClipboard(output().textContent, 'Text copied.'); }

// The address of this page outside a Space's frame, with all settings of Generate.
function address() {
  const base = current.space || location.origin + location.pathname;
  return current.query ? `${base}?${current.query}` : base;
}

function copyLink() {
  const own = current.own ? ' It opens the settings, not your model: share that on the Hub.' : '';
  return toClipboard(address(), `Link copied.${own}`);
}

function quoted(text) { return text.replace(/[&<>"]/g, (c) => `&#${c.codePointAt(0)};`); }

function copyCode() {
  const framed = current.space && !current.own;
  const source = framed ? `${location.origin}${location.pathname}?${current.query}` : current.file;
  const rules = framed ? '' : ' sandbox="allow-scripts"';
  const code = `<iframe src="${quoted(source)}" title="${quoted(current.model)}" width="100%" height="640" loading="lazy"${rules}></iframe>`;
  const next = framed ? '' : ` Put the file ${current.file} from Share, Download as a web page, beside your page.`;
  return toClipboard(code, `Embed code copied.${next}`);
}

// Letters of these scripts join or change places, so that a line is drawn as a whole, uncolored.
const JOINED = /[\u0590-\u08ff\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\ufb1d-\ufdff\ufe70-\ufeff]/;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/;

function wholeLines(pen, text) {
  pen.font = font();
  const rtl = RIGHT_TO_LEFT.test(text), made = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(/(?<=\s)/)) {
      if (line && pen.measureText(line + word).width > WIDTH - 2 * MARGIN) { made.push(line); line = ''; }
      line += word;
    }
    made.push(line);
  }
  return made.slice(0, MOST_LINES).map((line) => [{ text: line, x: rtl ? WIDTH - 2 * MARGIN : 0, rtl }]);
}

// Lay the letters out in lines as wide as the picture; each knows its color.
function lines(pen) {
  const made = [[]];
  let x = 0;
  const right = WIDTH - 2 * MARGIN, letters = [], text = output().textContent;
  if (JOINED.test(text)) return wholeLines(pen, text);
  for (const c of output().querySelector('b').textContent) letters.push({ text: c, bold: true });
  for (const span of output().querySelectorAll('[data-i]')) letters.push({ text: span.textContent, color: getComputedStyle(span).backgroundColor });
  for (const letter of letters) {
    pen.font = font(letter);
    const width = pen.measureText(letter.text).width;
    if (letter.text === '\n' || x + width > right) { made.push([]); x = 0; }
    if (letter.text === '\n') continue;
    made.at(-1).push({ ...letter, x, width });
    x += width;
  }
  return made.slice(0, MOST_LINES);
}

function font({ bold } = {}) { return `${bold ? 700 : 400} 25px "IBM Plex Mono", monospace`; }

function painted() {
  const canvas = document.createElement('canvas'), style = getComputedStyle(root.closest('.gradio-container'));
  let pen = canvas.getContext('2d');
  const laid = lines(pen);
  canvas.width = WIDTH;
  canvas.height = 2 * MARGIN + LINE * (laid.length + 2);
  pen = canvas.getContext('2d');
  pen.fillStyle = style.getPropertyValue('--block-background-fill').trim() || '#ffffff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  const ink = getComputedStyle(output()).color;
  pen.textBaseline = 'middle';
  pen.textAlign = 'start';
  laid.forEach((line, row) => line.forEach((letter) => {
    const y = MARGIN + LINE * (row + 0.5);
    if (letter.color) { pen.fillStyle = letter.color; pen.fillRect(MARGIN + letter.x, y - LINE / 2 + 3, letter.width, LINE - 6); }
    pen.fillStyle = ink;
    pen.font = font(letter);
    pen.direction = letter.rtl ? 'rtl' : 'ltr';
    pen.fillText(letter.text, MARGIN + letter.x, y);
  }));
  pen.globalAlpha = 0.65;
  pen.font = '20px "IBM Plex Sans", sans-serif';
  pen.direction = 'ltr';
  pen.fillText(`charrnn, ${current.model}`, MARGIN, canvas.height - MARGIN);
  return canvas;
}

async function copyPicture() {
  const blob = await new Promise((done) => painted().toBlob(done, 'image/png'));
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    return 'Picture copied.';
  } catch {
    const link = node('a', { href: URL.createObjectURL(blob), download: 'charrnn.png' });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    return 'Picture saved as charrnn.png.';
  }
}

always((value) => {
  current = value;
  buttons[2].textContent = value.own ? 'Copy settings link' : 'Copy link';
  buttons.forEach((each) => { each.disabled = !value.query; });
  said.textContent = value.query ? '' : 'Once the model has written something, you can take it with you.';
  by_hand.hidden = true;
});
