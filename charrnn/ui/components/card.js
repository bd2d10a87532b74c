// A card: a title, a sentence, pairs of name and value, small labeled chips, a text.
always((value) => {
  const parts = [];
  if (value.title) {
    parts.push(node('div', { class: 'head' }, node('strong', {}, value.title),
      node('span', { class: 'note' }, value.note || '')));
  }
  if (value.rows && value.rows.length) {
    parts.push(node('dl', { class: value.wide ? 'rows' : 'numbers' }, ...value.rows.map(([name, text]) =>
      node('div', {}, node('dt', {}, name), node('dd', {}, text)))));
  }
  if (value.chips && value.chips.length) {
    parts.push(node('p', { class: 'note' }, value.chips_title || ''));
    parts.push(node('div', { class: 'chips' }, ...value.chips.map(([name, text]) =>
      node('span', { class: 'chip' }, node('b', {}, name), ` ${text}`))));
  }
  if (value.advice) parts.push(node('p', { class: `advice ${value.mood || ''}` }, value.advice));
  if (value.text) parts.push(node('pre', {}, value.text));
  root.replaceChildren(...parts);
});
