// What the step view says under the unrolled word: of the start, of a gradient sent back, of an
// update. Sentences about an Experiment; plain text.

const reports = (() => {
  const several = (n, one) => `${n} ${n === 1 ? one : `${one}s`}`;

  function start({ model, losses, clip }, own) {
    return `${own ? 'No update yet.' : 'Not trained yet.'} Mean loss ${numbers.unsigned(losses[losses.length - 1], 3)} nats; a blind guess among ${model.symbols.length} letters has ${numbers.unsigned(Math.log(model.symbols.length), 3)}.`
      + (clip ? '' : ' Clipping is off: nothing will shorten a gradient that is too long.');
  }

  // back: what Experiment.backward(t) gave. reached: the copy that the gradient has come to.
  function backward({ model, steps, targets }, t, back, reached) {
    const scores = network.softmax(steps[t].logits).map((p, k) => p - (k === targets[t] ? 1 : 0));
    const most = model.symbols.length <= 10 ? [...scores.keys()] : [targets[t]], far = t - reached;
    return `The loss at ${sign(model.symbols[targets[t]])} goes back. At the scores its gradient is p minus 1 at the letter that came: `
      + `${most.map((k) => `${sign(model.symbols[k])} ${numbers.signed(scores[k])}`).join(', ')}. Through Why it reaches this memory with a length of ${unrolled.short(back.lengths[t])}; `
      + (far ? `${several(far, 'step')} back, ${(100 * back.shares[reached]).toPrecision(2)} % of that length arrives${back.cell ? ` at h, and at the cell c ${(100 * back.cell.shares[reached]).toPrecision(2)} % of what it began with there` : ''}.` : 'from here it goes on through Whh.');
  }

  function update(experiment, wholeText) {
    const { losses, norms, clip, rate, steps, held } = experiment, last = norms[norms.length - 1], loss = losses[losses.length - 1];
    const cut = last.scale < 1 ? ` That is beyond ${numbers.unsigned(clip)}, so it is clipped: it keeps its direction, and its length is reduced to ${Math.round(100 * last.scale)} %.` : '';
    const whole = wholeText ? ` (${numbers.unsigned(loss * steps.length, 1)} nats for the whole text)` : '';
    return `${several(norms.length, 'update')}. The gradient of all weights together was ${unrolled.short(last.norm)} long.${cut} `
      + `Every weight moved against its gradient, by rate × gradient. The mean loss went from ${numbers.unsigned(losses[losses.length - 2], 3)} to ${numbers.unsigned(loss, 3)}${whole}.${held.size ? ` With the gates held it is ${numbers.unsigned(experiment.loss, 3)}.` : ''}`
      + exploded(experiment.explosion(), { rate, clip, losses });
  }

  function exploded(explosion, { rate, clip, losses }) {
    if (!explosion) return '';
    const { update: at, norm } = explosion, recovered = losses[losses.length - 1] <= losses[0];
    return ` This is an explosion: at update ${at}, a gradient ${unrolled.short(norm)} long, times the rate ${numbers.unsigned(rate, 1)}, threw the weights so far off that the loss rose to ${numbers.unsigned(losses[at])}, worse than the ${numbers.unsigned(losses[0])} of the first weights.`
      + (recovered ? ' It has recovered since.' : clip ? '' : ' Clipping is off, so nothing shortened it. Switch clipping on, start over, and the same network learns.');
  }

  return { start, backward, update };
})();
