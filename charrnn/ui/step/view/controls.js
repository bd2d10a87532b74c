// Buttons, choices and timers of the step view: small parts without a memory of their own.

const motionless = () => window.matchMedia('(prefers-reduced-motion: reduce)').matches;

function press(text, action, more = {}) {
  const made = node('button', { type: 'button', class: 'small', ...more }, text);
  made.addEventListener('click', action);
  return made;
}

// One of several, as radio buttons that look like a switch. options: [value, text] pairs.
function choice(label, options, chosen, action) {
  const group = node('span', { class: 'switch', role: 'radiogroup', 'aria-label': label });
  const made = options.map(([value, text]) => {
    const one = press(text, () => pick(value), { role: 'radio', 'data-choice': value });
    group.append(one);
    return one;
  });
  const values = options.map(([value]) => value);
  function show(value) {
    made.forEach((one, k) => {
      one.setAttribute('aria-checked', `${values[k] === value}`);
      one.tabIndex = values[k] === value ? 0 : -1;
    });
  }
  function pick(value) { show(value); action(value); }
  group.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const free = made.filter((one) => !one.disabled);
    const next = free[(free.indexOf(document.activeElement) + by + free.length) % free.length];
    next.focus();
    next.click();
  });
  show(chosen);
  return { group, show, enable(yes) { made.forEach((one) => { one.disabled = !yes; }); } };
}

// Calls `tick` again and again until it returns false, the page is left or it is stopped. Where
// motion is unwanted and there is an end, it runs to the end at once.
function ticker(changed) {
  let timer = 0, running = false;
  function stop() {
    clearTimeout(timer);
    if (running) { running = false; changed(false); }
  }
  function start(tick, pause, atOnce = false) {
    stop();
    running = true;
    changed(true);
    if (atOnce && motionless()) {
      while (running && tick() !== false);
      stop();
      return;
    }
    const next = () => {
      if (!running || !root.isConnected) { stop(); return; }
      if (tick() === false) stop();
      else timer = setTimeout(next, pause());
    };
    next();
  }
  return { start, stop, running: () => running };
}

function field(label, made) { return node('label', { class: 'field' }, `${label} `, made); }
