// Helpers of every drawing. User text goes through `node` (textContent), never through innerHTML.
const root = element.querySelector('.drawing');

function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function shape(tag, attributes = {}, text = '') {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}

// Draw now, and again after every change of the value. Lazy tabs mount late, so both are needed.
function always(draw) {
  const guarded = () => { if (props.value) draw(props.value); };
  watch('value', guarded);
  guarded();
}

function bits(nats) { return nats / Math.LN2; }
