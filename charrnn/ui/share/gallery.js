// Models that others have shared: one row each, and a click opens it. All texts are strangers'.
always((value) => {
  const parts = [];
  if (value.advice) parts.push(node('p', { class: `advice ${value.mood || ''}`, role: 'status' }, value.advice));
  const list = node('ul', { class: 'shared' });
  for (const item of value.items || []) {
    const details = [item.cell && item.cell.toUpperCase(), item.corpus, item.modified,
      item.likes ? `${item.likes} ♥` : ''].filter(Boolean).join(' · ');
    const loss = item.loss === null ? '' : `${item.loss.toFixed(3)} nats, ${bits(item.loss).toFixed(2)} bits`;
    const open = node('button', { class: 'pick', type: 'button', title: `Open ${item.repo_id}` },
      node('strong', {}, item.repo_id), node('span', { class: 'loss' }, loss),
      node('span', { class: 'note' }, details));
    open.addEventListener('click', () => trigger('pick', { repo_id: item.repo_id }));
    list.append(node('li', {}, open));
  }
  if (list.children.length) parts.push(list);
  root.replaceChildren(...parts);
});
