// The two small charts of learning: the loss after each update, and how long each gradient was.

const curves = (() => {
  const WIDTH = 320, HEIGHT = 100, FEWEST = 20; // updates that a chart has room for at first
  const across = (k, n) => 4 + (k / Math.max(FEWEST, n)) * (WIDTH - 8);
  const counted = (n) => `${n} ${n === 1 ? 'update' : 'updates'}`;

  function frame(name, label, ...parts) {
    const drawing = shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: name, role: 'img', 'aria-label': label });
    drawing.append(shape('line', { class: 'grid', x1: 4, x2: WIDTH - 4, y1: HEIGHT - 4, y2: HEIGHT - 4 }), ...parts);
    return drawing;
  }

  // explosion: as Experiment.explosion gives it.
  function loss(losses, explosion) {
    const last = losses.length - 1, top = Math.max(...losses.filter(Number.isFinite), 0.1) * 1.08;
    const x = (k) => across(k, last), y = (nats) => HEIGHT - 4 - (Math.min(nats, top) / top) * (HEIGHT - 26);
    const path = losses.map((nats, k) => (Number.isFinite(nats) ? `${k ? 'L' : 'M'}${x(k).toFixed(1)} ${y(nats).toFixed(1)}` : '')).join('');
    const said = explosion ? `, an explosion at update ${explosion.update}` : '';
    const parts = [shape('path', { class: 'curve', d: path }),
      shape('text', { class: 'tick', x: 4, y: 11 }, `loss ${numbers.unsigned(losses[0])} at first, ${numbers.unsigned(losses[last], 3)} after ${counted(last)}`)];
    if (Number.isFinite(losses[last])) parts.push(shape('circle', { class: 'dot', cx: x(last), cy: y(losses[last]), r: 3.5 }));
    if (explosion) {
      const at = x(explosion.update), right = at > WIDTH / 2;
      parts.push(shape('line', { class: 'burst', x1: at, x2: at, y1: 18, y2: HEIGHT - 4 }),
        shape('text', { class: `tick burst${right ? ' end' : ''}`, x: at + (right ? -4 : 4), y: HEIGHT - 10 }, `explosion at ${explosion.update}`));
    }
    return frame('losses', `Loss after ${counted(last)}: ${numbers.unsigned(losses[last], 3)}${said}`, ...parts);
  }

  // norms: { norm, scale } of each update; where clip is not 0, a line stands at that length.
  function gradients(norms, clip) {
    const finite = norms.map(({ norm }) => norm).filter(Number.isFinite), longest = Math.max(...finite, 0);
    const top = 1.08 * Math.max(longest, clip, 1e-9), y = (norm) => HEIGHT - 4 - (norm / top) * (HEIGHT - 26);
    const wide = (WIDTH - 8) / Math.max(FEWEST, norms.length) - 1, shortened = norms.filter(({ scale }) => scale < 1).length;
    const bars = norms.map(({ norm, scale }, k) => {
      const at = y(Number.isFinite(norm) ? norm : top);
      return shape('rect', { class: scale < 1 ? 'clipped' : 'whole', x: across(k, norms.length), y: at, width: Math.max(1, wide), height: HEIGHT - 4 - at });
    });
    const limit = clip ? [shape('line', { class: 'limit', x1: 4, x2: WIDTH - 4, y1: y(clip), y2: y(clip) }), shape('text', { class: 'tick end', x: WIDTH - 4, y: y(clip) - 3 }, `clip at ${numbers.unsigned(clip)}`)] : [];
    const said = `gradients up to ${numbers.unsigned(longest)} long, ${clip ? `${shortened} clipped` : 'none clipped'}`;
    return frame('norms', said, ...bars, ...limit, shape('text', { class: 'tick', x: 4, y: 11 }, said));
  }

  return { loss, gradients };
})();
