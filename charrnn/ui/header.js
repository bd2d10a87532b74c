// The name of the page, one sentence, and the model that every tab uses.
const model = node('span', { class: 'model', title: 'The model every tab works with' });
root.replaceChildren(node('h1', {}, 'charrnn'),
  node('span', { class: 'note' }, 'Train a character-level RNN in pure NumPy, watch it learn, look inside.'), model);
always((value) => { model.textContent = value.model; model.hidden = !value.model; });

// A link to a lesson of the tour opens the tab that holds it.
if (new URLSearchParams(window.location.search).has('lesson')) {
  const openTab = () => {
    const tab = [...document.querySelectorAll('[role=tab]')].find((one) => one.textContent.trim() === 'How it works');
    if (tab) tab.click(); else requestAnimationFrame(openTab);
  };
  openTab();
}

// Gradio opens a list again at the Tab that leaves it. Its scrolling options are no stop of their own.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Tab' || !event.target.matches?.('input[role=combobox]')) return;
  event.stopPropagation();
  document.getElementById(event.target.getAttribute('aria-controls'))?.setAttribute('tabindex', '-1');
}, true);
