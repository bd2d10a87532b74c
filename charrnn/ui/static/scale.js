// Losses on one line: this text, the model's own, and what simpler guessing would lose.
const note = node('p', { class: 'caption' });
const line = node('div', { class: 'ladder', role: 'list' });
root.replaceChildren(line, note);

always((value) => {
  const marks = value.marks || [];
  const most = Math.max(1, ...marks.map((mark) => mark[1]));
  root.closest('.drawing').classList.toggle('bare', marks.length === 0);
  line.replaceChildren(...marks.map(([name, nats, kind]) => {
    const bar = node('i');
    bar.style.width = `${(100 * nats) / most}%`;
    return node('div', { class: `rung ${kind === 'own' ? 'own' : ''}`, role: 'listitem' }, node('span', { class: 'name' }, name),
      node('span', { class: 'track' }, bar), node('span', { class: 'amount' }, `${nats.toFixed(2)} nats`));
  }));
  note.textContent = value.note || '';
});
