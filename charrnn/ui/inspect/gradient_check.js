// The gradient check: one row an array, its largest relative error on a log scale.
const about = node('p', { class: 'caption' }), body = node('tbody'), verdict = node('p', { class: 'answer', 'aria-live': 'polite' });
const table = node('table', {}, node('thead', {}, node('tr', {}, ...['array', 'shape', 'largest relative error', 'on a log scale'].map((name) => node('th', { scope: 'col' }, name)))), body);
root.replaceChildren(about, verdict, table);
const RIGHT = 1e-6;

always((value) => {
  about.textContent = value.about || '';
  const rows = JSON.parse(value.rows || '[]');
  table.hidden = rows.length === 0;
  body.replaceChildren(...rows.map(([name, size, shown, error]) => {
    const bar = node('i');
    bar.style.width = `${Math.max(2, (100 * (Math.log10(Math.max(error, 1e-16)) + 16)) / 16)}%`;
    bar.className = error < RIGHT ? 'good' : 'bad';
    return node('tr', {}, node('th', { scope: 'row' }, node('code', {}, name)), node('td', {}, size), node('td', { class: 'amount' }, shown),
      node('td', {}, node('span', { class: 'track' }, bar)));
  }));
  const worst = Math.max(...rows.map((row) => row[3]));
  verdict.textContent = !rows.length ? '' : worst < RIGHT
    ? `Right: over ${value.steps} letters and ${value.checked} weights of each array, no gradient is off by more than ${worst.toExponential(1)} of itself.`
    : `Something is wrong: a gradient is off by ${worst.toExponential(1)} of itself.`;
});
