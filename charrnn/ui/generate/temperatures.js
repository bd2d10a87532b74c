// Five temperatures: one seed, the same random numbers, side by side.
const note = node('span', { class: 'note' });
const runs = node('div', { class: 'temperature-runs' });
root.replaceChildren(node('div', { class: 'head' }, node('strong', {}, 'The same words at five temperatures'), note), runs);
const WORDS = { 0.2: 'cautious', 0.5: 'careful', 0.8: 'lively', '1.0': 'as learned', 1.3: 'reckless' };

function run(temperature, symbols, levels, seed) {
  const body = node('pre', { dir: 'auto', tabindex: 0, role: 'group', 'aria-label': `Written at temperature ${temperature}` }, node('b', {}, seed));
  symbols.forEach((symbol, i) => {
    const letter = node('span', symbol === '\n' ? { class: 'break' } : {}, inText(symbol));
    letter.style.backgroundColor = heat((levels.charCodeAt(i) - 33) / 10);
    body.append(letter);
  });
  return node('div', { class: 'temperature-run' }, node('div', { class: 'top' }, node('strong', {}, temperature), ' ', node('span', { class: 'note' }, WORDS[temperature] || '')), body);
}

always((value) => {
  const temperatures = (value.temperatures || '').split(' ').filter(Boolean);
  root.classList.toggle('bare', temperatures.length === 0);
  const names = JSON.parse(value.names || '[]');
  note.textContent = value.note || '';
  runs.replaceChildren(...temperatures.map((temperature, place) => {
    const ids = new Uint16Array(bytes((value.ids || [])[place]).buffer);
    return run(temperature, Array.from(ids, (id) => names[id] ?? ''), (value.levels || [])[place] || '', value.seed || '');
  }));
});
