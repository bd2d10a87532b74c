// The network beside counting, and beside a person, letter by letter.

// ---- counting ----

function countingPanel({ model, ids, steps, counting, unseen }) {
  if (!counting) return [node('p', {}, 'Counting needs the text that the model was trained on, and that is not here. Train a model on the Train tab, or open a pretrained one on the Share tab.')];
  const ours = steps.map((step, t) => study.nats(step.logits, ids[t + 1]));
  const spans = letterSpans(model, ids), answer = node('p', { class: 'arithmetic', role: 'status' });
  spans.forEach((span, i) => {
    if (i === 0) return;
    const ahead = counting[i] - ours[i - 1];
    span.dataset.ahead = ahead;
    span.style.backgroundColor = tint(ahead / 3, 75);
  });
  const text = node('pre', { tabindex: 0, role: 'group', 'aria-label': 'Text colored by who guessed better; arrow keys move' }, ...spans);
  const mean = (values) => values.reduce((x, y) => x + y, 0) / values.length;
  let current = 0;
  function show(i) {
    if (i < 1 || i >= ids.length) return;
    spans[current].classList.remove('current');
    current = i;
    spans[i].classList.add('current');
    const chance = (nats) => percent(Math.exp(-nats));
    answer.textContent = `${sign(model.symbols[ids[i]])}: the network gave it ${chance(ours[i - 1])}, counting after the last six letters gave it ${chance(counting[i])}. `
      + (counting[i] > ours[i - 1] + 0.1 ? 'Memory wins here.' : ours[i - 1] > counting[i] + 0.1 ? 'Counting wins here.' : 'About the same.');
  }
  text.addEventListener('mouseover', (event) => { const letter = event.target.closest('[data-i]'); if (letter) show(Number(letter.dataset.i)); });
  text.addEventListener('keydown', (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) { event.preventDefault(); show(Math.max(1, Math.min(ids.length - 1, current + by))); }
  });
  const wins = ours.filter((nats, t) => nats < counting[t + 1]).length, best = ours.reduce((k, nats, t) => (counting[t + 1] - nats > counting[k + 1] - ours[k] ? t : k), 0);
  show(best + 1);
  return [node('p', {}, `Blue: the network gave this letter more than counting what followed the last six letters in its training text did. Orange: counting gave it more. The network is ahead at ${wins} of ${ours.length} letters; mean loss ${numbers.unsigned(mean(ours), 3)} against ${numbers.unsigned(mean(counting.slice(1)), 3)} nats${unseen ? ', on text that neither has seen' : '; both have seen this text'}.`), text, answer];
}

// ---- you against the model ----

const ROUNDS = 30;

function gamePanel({ model, ids, steps, unseen }) {
  const first = Math.min(60, Math.max(1, ids.length - ROUNDS - 1)), last = Math.min(first + ROUNDS, ids.length);
  let at = first, yours = 0, models = 0;
  const text = node('pre', { 'aria-label': 'The text so far' }), guess = node('input', { type: 'text', size: 6, maxlength: 24, 'aria-label': 'The next letter', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' });
  const answer = node('p', { class: 'arithmetic', role: 'status' }), score = node('p');
  const space = press('space', () => take(' ')), line = press('line break', () => take('\n'));
  const form = node('div', { class: 'tools' }, 'The next letter:', guess, space, line, press('Start again', restart));

  function draw() {
    text.textContent = `${plain(model, ids.slice(Math.max(0, at - 120), at))}▁`;
    const played = at - first;
    score.replaceChildren(`After ${played} of ${last - first} letters: `, node('b', { class: 'yours' }, `you ${yours}`), ', ', node('b', { class: 'models' }, `the model ${models}`), '.',
      at >= last ? ` ${yours > models ? 'You win.' : yours < models ? 'The model wins.' : 'A draw.'} It ${unseen ? 'had never seen this text' : 'has been trained on this text'} and knows only the letters before; you know the language.` : '');
    for (const part of [guess, space, line]) part.disabled = at >= last;
  }

  function take(letter) {
    if (at >= last || !letter) return;
    const came = model.symbols[ids[at]], its = model.symbols[study.likeliest(steps[at - 1].logits, 1)[0]], p = network.softmax(steps[at - 1].logits);
    if (letter === came) yours += 1;
    if (its === came) models += 1;
    answer.textContent = `It was ${sign(came)}. You said ${sign(letter)} ${letter === came ? '✓' : '✗'}; the model said ${sign(its)} ${its === came ? '✓' : '✗'} and had given ${sign(came)} ${percent(p[ids[at]])}.`;
    at += 1;
    guess.value = '';
    draw();
  }

  function restart() {
    [at, yours, models] = [first, 0, 0];
    answer.textContent = 'Type a letter: it counts at once.';
    draw();
  }
  guess.addEventListener('input', () => { if (!model.words) take(Array.from(guess.value)[0]); });
  guess.addEventListener('keydown', (event) => { if (event.key === 'Enter') take(model.words ? guess.value : guess.value || '\n'); });
  restart();
  return [text, form, answer, score];
}
