// The race: one column per cell with its place, numbers and sample.
const grid = node('div', { class: 'lanes' });
root.replaceChildren(node('div', { class: 'head' }, node('strong', {}, 'Samples'),
  node('span', { class: 'note' }, 'same text, same seconds, same seed and random numbers')), grid);

always((value) => {
  grid.replaceChildren(...(value.lanes || []).map((lane) => node('section', { class: 'lane' },
    node('div', { class: 'head' }, node('i', { class: `key color-${lane.color}` }),
      node('strong', {}, lane.name), node('span', { class: 'note' }, lane.numbers)),
    node('pre', { tabindex: 0, role: 'region', 'aria-label': `Sample of the ${lane.name}` },
      node('b', {}, value.seed || ''), lane.text || ''))));
});
