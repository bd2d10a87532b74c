// The loss of a text beside the losses of the model on its own text and of simpler predictors.
const note = node('p', { class: 'caption' });
const list = node('div', { class: 'losses', role: 'list' });
root.replaceChildren(list, note);

always((value) => {
  const losses = value.losses || [];
  const most = Math.max(1, ...losses.map(([, nats]) => nats));
  root.classList.toggle('bare', losses.length === 0);
  list.replaceChildren(...losses.map(([name, nats, kind]) => {
    const bar = node('i');
    bar.style.width = `${(100 * nats) / most}%`;
    return node('div', { class: `loss ${kind === 'own' ? 'own' : ''}`, role: 'listitem' }, node('span', { class: 'name' }, name),
      node('span', { class: 'track' }, bar), node('span', { class: 'amount' }, `${nats.toFixed(2)} nats`));
  }));
  note.textContent = value.note || '';
});
