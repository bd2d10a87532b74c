// The panels of a trained model. Each is a function of `loaded`, { model, ids, steps, counting,
// matches }, and returns the nodes that show it.

const LEAST = 0.5; // a unit holds while its memory is beyond this

function letterSpans(model, ids) {
  return ids.map((id, i) => node('span', { 'data-i': i, ...(model.symbols[id] === '\n' ? { class: 'break' } : {}) }, inText(model.symbols[id])));
}

function plain(model, ids) { return ids.map((id) => model.symbols[id]).join(''); }

function number(label, value, most) { return node('input', { type: 'number', 'aria-label': label, min: 1, max: most, value }); }

// ---- hold a unit while it writes ----

const WRITTEN = 300; // letters of each of the two texts

function holdPanel({ model, matches }) {
  const layer = node('select', { 'aria-label': 'Layer' }, ...Array.from({ length: model.layers }, (_, k) => node('option', { value: k }, `layer ${k + 1}`)));
  layer.value = model.layers - 1;
  layer.hidden = model.layers < 2;
  const unit = number('Unit', 1, model.hidden_size), seed = node('input', { type: 'text', 'aria-label': 'Opening words', size: 24, maxlength: 200, value: 'The ' });
  const trait = node('select', { 'aria-label': 'Find a unit that follows' }, ...Object.keys(matches).map((name) => node('option', {}, name)));
  const found = node('span', { class: 'chips' }), note = node('p', { class: 'note', role: 'status' }), answer = node('p', { class: 'arithmetic', role: 'status' });
  const free = node('pre', { tabindex: 0, 'aria-label': 'Written freely' }), held = node('pre', { tabindex: 0, 'aria-label': 'Written with the unit held' });
  let value = 1, random = 1;
  const at = choice('Hold it at', [[-1, '−1'], [0, '0'], [1, '+1']], 1, (picked) => { value = picked; write(); });

  // A unit that falls where the trait holds is held at -1: as if the trait held all the time.
  function find() {
    found.replaceChildren(...(matches[trait.value] || []).map(([l, u, r]) => press(`unit ${u + 1} (${numbers.signed(r)})`, () => {
      [layer.value, unit.value, value] = [l, u + 1, Math.sign(r)];
      at.show(value);
      write();
    })));
    if (found.firstChild) found.firstChild.click(); else write();
  }

  function write() {
    const idOf = new Map(model.symbols.map((symbol, id) => [symbol, id]));
    const { ids, missing } = rules.encode(seed.value, model, idOf);
    const u = Math.min(model.hidden_size, Math.max(1, Math.round(Number(unit.value)) || 1)) - 1, l = Number(layer.value);
    if (!ids.length) { note.textContent = 'Give opening words that the model knows.'; return; }
    const settings = { temperature: 0.7, random };
    free.textContent = plain(model, [...ids, ...study.write(model, ids, WRITTEN, settings)]);
    held.textContent = plain(model, [...ids, ...study.write(model, ids, WRITTEN, { ...settings, clamp: study.holding(l, u, value) })]);
    held.dataset.unit = u;
    answer.textContent = traits.compared(trait.value, free.textContent, held.textContent);
    answer.hidden = !answer.textContent;
    note.textContent = `Both texts are drawn with the same random numbers, at temperature 0.7. In the second, unit ${u + 1} is held at ${numbers.signed(value, 0)} from the first letter on.${missing.length ? ` Left out, because the model never saw them: ${missing.join(' ')}` : ''}`;
  }
  trait.addEventListener('change', find);
  for (const input of [unit, layer, seed]) input.addEventListener('change', write);
  find();
  return [node('div', { class: 'tools' }, 'Find a unit that follows', trait, found),
    node('div', { class: 'tools' }, layer, field('unit', unit), 'held at', at.group, field('opening words', seed), press('Write again', () => { random += 1; write(); }, { class: 'small primary' })),
    node('div', { class: 'pair' }, node('figure', {}, node('figcaption', {}, 'Free'), free), node('figure', {}, node('figcaption', {}, 'Held'), held)), answer, note];
}

// ---- what each letter gave to a guess ----

function givenPanel({ model, ids, steps }) {
  const spans = letterSpans(model, ids), answer = node('div', { class: 'guesses', role: 'status' });
  const text = node('pre', { tabindex: 0, role: 'group', 'aria-label': 'Text; point at a letter, or move with the arrow keys' }, ...spans);
  let current = -1;
  function show(i) {
    if (i < 0 || i >= ids.length - 1 || i === current) return;
    current = i;
    const p = network.softmax(steps[i].logits), guesses = study.likeliest(steps[i].logits, 3);
    spans.forEach((span, j) => { span.classList.toggle('current', j === i); span.style.backgroundColor = ''; });
    answer.replaceChildren(...guesses.map((k, rank) => {
      const { start, inputs } = study.given(model, steps, i, k), most = Math.max(...inputs.map(Math.abs), 1e-9);
      if (rank === 0) inputs.forEach((v, j) => { spans[start + j].style.backgroundColor = tint(v / most); });
      const row = node('div', { class: 'given-row' }, node('b', {}, sign(model.symbols[k])), node('span', {}, percent(p[k])));
      row.append(node('span', { class: 'given', role: 'img', 'aria-label': `for ${sign(model.symbols[k])}: ${inputs.map((v, j) => `${sign(model.symbols[ids[start + j]])} ${numbers.signed(v)}`).join(', ')}` },
        ...inputs.map((v, j) => {
          const cell = node('span', { 'data-value': v, title: `${sign(model.symbols[ids[start + j]])}: ${numbers.signed(v, 3)}` }, sign(model.symbols[ids[start + j]]));
          cell.style.backgroundColor = tint(v / most);
          return cell;
        })));
      return row;
    }), node('p', { class: 'note' }, `The three likeliest guesses after ${sign(model.symbols[ids[i]])}, and what each of the last ${Math.min(30, i + 1)} letters gave to their scores: blue raised the score, orange lowered it. It is the derivative of the score for the 1 in the letter's column. The text is colored for the first guess. What came: ${sign(model.symbols[ids[i + 1]])}.`));
  }
  const indexOf = (event) => { const letter = event.target.closest('[data-i]'); return letter ? Number(letter.dataset.i) : -1; };
  text.addEventListener('mouseover', (event) => show(indexOf(event)));
  text.addEventListener('click', (event) => show(indexOf(event)));
  text.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) { event.preventDefault(); show(Math.max(0, Math.min(ids.length - 2, current + by))); }
  });
  show(Math.min(40, ids.length - 2));
  return [text, answer];
}

// ---- a span of text, and the units that hold over it ----

function spanPanel({ model, ids, steps }) {
  const spans = letterSpans(model, ids.slice(0, steps.length)), answer = node('div', { role: 'status' });
  const text = node('pre', { tabindex: 0, role: 'group', 'aria-label': 'Text; drag over a span of it, tap its two ends, or use Shift and the arrow keys' }, ...spans);
  let [a, b] = study.tellingSpan(steps, 5, LEAST), dragging = false;
  function show() {
    const [from, to] = a < b ? [a, b] : [b, a], units = study.holdingUnits(steps, from, to, LEAST).slice(0, 6);
    const others = units.length ? study.places(steps, units, from, to, LEAST) : [];
    spans.forEach((span, i) => {
      span.classList.toggle('chosen', i >= from && i <= to);
      span.classList.toggle('alike', others.some(([s, e]) => i >= s && i <= e));
    });
    const name = ({ layer, unit, way }) => `${model.layers > 1 ? `layer ${layer + 1} ` : ''}unit ${unit + 1} ${way < 0 ? '−' : '+'}`;
    answer.replaceChildren(
      node('p', {}, `Over “${plain(model, ids.slice(from, to + 1)).replaceAll('\n', '↵')}” ${units.length ? `these units stay beyond ${LEAST}, those first that let go just outside it: ` : `no unit stays beyond ${LEAST}: choose fewer letters.`}`, ...units.map((u) => node('span', { class: 'chip', 'data-unit': u.unit }, name(u)))),
      node('p', {}, units.length ? others.length ? `At least two thirds of them also hold at ${others.length} other ${others.length === 1 ? 'place' : 'places'} (underlined): ` : 'They do not hold together anywhere else in this text.' : '',
        ...others.slice(0, 8).flatMap(([s, e], k) => [k ? ', ' : '', node('code', {}, plain(model, ids.slice(s, e + 1)).replaceAll('\n', '↵'))])));
  }
  const indexOf = (event) => { const letter = event.target.closest('[data-i]'); return letter ? Number(letter.dataset.i) : -1; };
  // With a mouse or a pen one drags; a finger, which scrolls, taps the two ends one after the other.
  text.addEventListener('pointerdown', (event) => {
    const i = indexOf(event);
    if (i < 0) return;
    const second = event.shiftKey || (event.pointerType === 'touch' && a === b && i !== a);
    if (event.pointerType !== 'touch') { event.preventDefault(); text.focus(); dragging = !second; }
    if (!second) a = i;
    b = i;
    show();
  });
  text.addEventListener('pointerover', (event) => { const i = indexOf(event); if (dragging && i >= 0) { b = i; show(); } });
  text.addEventListener('pointerup', () => { dragging = false; });
  text.addEventListener('pointerleave', () => { dragging = false; });
  text.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    b = Math.max(0, Math.min(spans.length - 1, b + by));
    if (!event.shiftKey) a = b;
    show();
  });
  show();
  return [node('p', {}, 'Drag over a few letters, or tap the first and the last: which units hold over them, and where else do they?'), text, answer];
}
