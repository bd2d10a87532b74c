// The race: one column per cell with its place, numbers and sample.
const grid = node('div', { class: 'runs' });
root.replaceChildren(node('div', { class: 'head' }, node('strong', {}, 'Samples'),
  node('span', { class: 'note' }, 'same text, same seconds, same seed and random numbers')), grid);

always((value) => {
  grid.replaceChildren(...(value.runs || []).map((run) => node('section', { class: 'run' },
    node('div', { class: 'head' }, node('i', { class: `key color-${run.color}` }),
      node('strong', {}, run.name), node('span', { class: 'note' }, run.numbers)),
    node('pre', { dir: 'auto', tabindex: 0, role: 'region', 'aria-label': `Sample of the ${run.name}` },
      node('b', {}, value.seed || ''), run.text || ''))));
});
