// The name of the page, one sentence, and the model that every tab uses: a menu of models. The menu
// itself is invisible, over its label, which shows more than the chosen name.
const model = node('span', { class: 'model' });
const menu = node('select', { 'aria-label': 'The model that every tab uses' });
const pill = node('label', { class: 'pill', title: 'The model that every tab uses' }, model, menu);
root.replaceChildren(node('h1', {}, 'charrnn'),
  node('span', { class: 'note' }, 'Train a character-level RNN in pure NumPy, watch it learn, look inside.'), pill);

menu.addEventListener('change', () => trigger('pick', { name: menu.value }));

function group(label, names) {
  const options = names.map(([title, name]) => node('option', { value: name }, title));
  const made = node('optgroup', { label }, ...options);
  return options.length ? [made] : [];
}

always((value) => {
  model.textContent = value.model;
  pill.hidden = !value.model;
  menu.replaceChildren(...group('Your model', value.own ? [[value.own, '']] : []), ...group('Ready-made models', value.ready || []));
  menu.value = value.chosen || '';
});

// A link to a lesson of the tour opens the tab that holds it.
if (new URLSearchParams(window.location.search).has('lesson')) {
  const openTab = () => {
    const tab = [...document.querySelectorAll('[role=tab]')].find((one) => one.textContent.trim() === 'How it works');
    if (tab) tab.click(); else requestAnimationFrame(openTab);
  };
  openTab();
}

// Gradio reopens a list at the Tab key that leaves it. Its scrolling options are not a tab stop.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Tab' || !event.target.matches?.('input[role=combobox]')) return;
  event.stopPropagation();
  document.getElementById(event.target.getAttribute('aria-controls'))?.setAttribute('tabindex', '-1');
}, true);
