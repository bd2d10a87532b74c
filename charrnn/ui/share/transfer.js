// A transfer to or from the Hub: a progress bar while it runs, then its result, with links.
always((value) => {
  root.dataset.state = value.state || '';
  const parts = [];
  if (value.title) {
    parts.push(node('div', { class: 'head' }, node('strong', {}, value.title),
      node('span', { class: 'note' }, value.note || '')));
  }
  if (value.state === 'busy') {
    const fill = node('div', { class: 'fill', style: `width: ${Math.round(100 * value.fraction)}%` });
    parts.push(node('div', { class: 'bar', role: 'progressbar', 'aria-label': value.title,
      'aria-valuenow': Math.round(100 * value.fraction) }, fill));
  }
  if (value.advice) parts.push(node('p', { class: `advice ${value.mood || ''}`, role: 'status' }, value.advice));
  for (const [text, address] of value.links || []) {
    if (!/^https?:\/\//.test(address)) continue;
    parts.push(node('p', {}, node('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, text)));
  }
  root.replaceChildren(...parts);
});
