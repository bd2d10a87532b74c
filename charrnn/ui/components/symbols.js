// Letters that people can see, and numbers unpacked from base64 (packing.py).
const SIGNS = { '\n': '↵', ' ': '␣', '\t': '⇥', '\r': '␍', '\u00a0': '⍽', '\u3000': '⬚', '\u200c': 'ZWNJ', '\u200d': 'ZWJ', '\u200e': 'LRM', '\u200f': 'RLM' };

function bytes(packed) { return Uint8Array.from(atob(packed || ''), (c) => c.charCodeAt(0)); }

function isMark(symbol) { return /^\p{M}/u.test(symbol); }

function isHidden(symbol) { return /^[\p{C}\p{Z}]+$/u.test(symbol); }

// A symbol by itself, as on a key: never empty, never a control character.
function sign(symbol) {
  if (symbol in SIGNS) return SIGNS[symbol];
  if (isMark(symbol)) return '\u25cc' + symbol;
  if (isHidden(symbol)) return 'U+' + symbol.codePointAt(0).toString(16).toUpperCase().padStart(4, '0');
  return symbol;
}

// The same within running text: spaces stay spaces, joiners and other format characters do their
// work between the letters, and a line break stays one. Its sign comes from the style sheet (class
// break), so that it is not copied with the text. What would turn the letters after it is a sign.
function inText(symbol) {
  if (/^[\n\t]$/.test(symbol) || /^[\p{Zs}\p{Cf}]+$/u.test(symbol)) return TURNS.test(symbol) ? sign(symbol) : symbol;
  return isHidden(symbol) ? sign(symbol) : symbol;
}
const TURNS = /[\u202a-\u202e\u2066-\u2069]/;

function percent(p) {
  if (p > 0.995) return '>99 %';
  return p < 0.005 ? '<1 %' : `${Math.round(100 * p)} %`;
}

// Colors by number: 0 to 1 for surprise, -1 to 1 for activations and weights. Style sheet: letters.css.
function heat(nats) { return `color-mix(in srgb, var(--surprise) ${Math.round(Math.min(1, nats / 6) * 68)}%, transparent)`; }

function tint(value, most = 60) {
  const ink = value < 0 ? 'var(--below)' : 'var(--above)';
  return `color-mix(in srgb, ${ink} ${Math.round(Math.min(1, Math.abs(value)) * most)}%, transparent)`;
}

// A color of the style sheet as [red, green, blue], for a canvas.
function rgb(name) {
  const probe = node('i');
  probe.style.color = `var(${name})`;
  root.append(probe);
  const channels = getComputedStyle(probe).color.match(/[\d.]+/g).slice(0, 3).map(Number);
  probe.remove();
  return channels;
}

// A tooltip that follows a letter. `fill(index)` returns its children, or null to hide it.
function tooltipOn(text, letters, fill) {
  const tooltip = node('div', { class: 'tooltip', role: 'status', hidden: '' });
  root.append(tooltip);
  let current = -1;
  function hide() { tooltip.hidden = true; if (letters()[current]) letters()[current].classList.remove('current'); current = -1; }
  function show(index) {
    hide();
    const letter = letters()[index], children = letter && fill(index);
    if (!children) return;
    current = index;
    letter.classList.add('current');
    tooltip.replaceChildren(...children);
    tooltip.hidden = false;
    const frame = root.getBoundingClientRect(), at = letter.getClientRects()[0] || letter.getBoundingClientRect();
    const left = Math.max(0, Math.min(at.left - frame.left, frame.width - tooltip.offsetWidth));
    const below = at.bottom - frame.top + 6;
    const above = at.top - frame.top - tooltip.offsetHeight - 6;
    tooltip.style.left = `${left}px`;
    tooltip.style.top = `${at.bottom + tooltip.offsetHeight + 12 > window.innerHeight && above > 0 ? above : below}px`;
  }
  const indexOf = (event) => {
    const letter = event.target.closest('[data-i]');
    return letter && text.contains(letter) ? Number(letter.dataset.i) : -1;
  };
  text.addEventListener('mouseover', (event) => show(indexOf(event)));
  text.addEventListener('click', (event) => show(indexOf(event)));
  text.addEventListener('mouseleave', hide);
  text.addEventListener('blur', hide);
  text.addEventListener('scroll', () => {
    const letter = letters()[current];
    if (!letter) return;
    const frame = text.getBoundingClientRect(), at = letter.getBoundingClientRect();
    if (at.bottom < frame.top || at.top > frame.bottom) hide(); else show(current);
  });
  text.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === 'Escape') hide();
    if (!step) return;
    event.preventDefault();
    show(Math.max(0, Math.min(letters().length - 1, current < 0 ? 0 : current + step)));
  });
  return { hide, show };
}
