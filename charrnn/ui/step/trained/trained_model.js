// A trained model, loaded into the page: nothing below asks the server.
const PANELS = [['hold', 'Hold a unit', holdPanel], ['given', 'What each letter gave', givenPanel], ['span', 'Select a span', spanPanel],
  ['counting', 'Beside counting', countingPanel], ['game', 'You against the model', gamePanel]];
let loaded = null, shown = 'hold';
const about = node('p', { class: 'lead' }), load = press('', () => { load.disabled = true; load.textContent = 'Loading …'; trigger('ask'); }, { class: 'small primary' });
const body = node('div', { class: 'panel' });
const tabs = choice('What to ask of the model', PANELS.map(([key, title]) => [key, title]), shown, (key) => { shown = key; draw(); });
root.replaceChildren(node('h2', {}, 'Inside a trained model'), about, load, tabs.group, body);

function draw() {
  const [, , panel] = PANELS.find(([key]) => key === shown);
  body.replaceChildren(...panel(loaded));
}

function teach() { root.classList.toggle('aside', Boolean(window.charrnnLesson && window.charrnnLesson.to !== 'trained')); }
document.addEventListener('charrnn-lesson', teach);

always((value) => {
  teach();
  const there = Boolean(value.model);
  if (!there && loaded && loaded.key === value.key) return; // news of the model that is here already
  tabs.group.hidden = !there;
  load.hidden = there || Boolean(value.refused);
  load.disabled = false;
  load.textContent = `Load it into this page (${value.size})`;
  about.textContent = value.refused || (there ? `${value.name}, in your browser: everything here happens without the server.`
    : `${value.name}: hold one of its units while it writes, see what each letter gave to a guess, set it beside counting, guess against it. The step view above can then open it too.`);
  body.replaceChildren();
  loaded = null;
  if (there) {
    const model = { ...value.model, parameters: network.unpack(value.model.weights, value.model.shapes) };
    loaded = { ...value, model, steps: network.forward(model, value.ids.slice(0, -1)) };
    draw();
  }
  window.charrnnModel = there ? { model: loaded.model, ids: value.ids, study } : null;
  document.dispatchEvent(new CustomEvent('charrnn-model'));
});
