// One step as a picture: blocks of numbers in the order they are computed, the equation above
// them, and below them the arithmetic of the cell that is pointed at.

const flow = (() => {
  // What stands between two blocks: the operation, by the key of the block after it.
  const BEFORE = { x: '→', Wxh: '→', Wxhx: '→', h: '+', Whh: '→', Whhh: '→', bh: '+', a: '=', hnew: '→', c: '', cnew: '→', Why: '→', y: '→', p: '→', loss: '→' };
  const INPUT = ['x', 'Wxh', 'Wxhx', 'h', 'Whh', 'Whhh'], MEMORY = ['bh', 'a', 'gate-', 'c', 'cnew', 'hnew'], GUESS = ['Why', 'y', 'p', 'loss'];

  function create(events) {
    const equation = node('div', { class: 'equation', role: 'group', 'aria-label': 'The equations of a step' });
    const picture = node('div', { class: 'flow' });
    const letter = node('span', { class: 'letter', 'aria-hidden': 'true' });
    const arithmetic = node('p', { class: 'arithmetic', role: 'status' });
    let layout = '', grids = new Map(), shown = null, pointed = { key: '', i: 0, j: 0 };

    function build(blocks) {
      grids = new Map(blocks.map((block) => [block.key, cells.grid(block, { ...events, point })]));
      const gated = blocks.some((block) => block.key.startsWith('gate-'));
      const rows = (gated ? [INPUT, MEMORY, GUESS] : [INPUT, [...MEMORY, ...GUESS]]).map((keys) => {
        const own = blocks.filter((b) => keys.includes(b.key) || (keys.includes('gate-') && b.key.startsWith('gate-')));
        const first = keys.includes('x') ? [letter] : [];
        return node('div', { class: 'flow-row' }, ...first, ...own.map((block) => {
          const mark = BEFORE[block.key] ?? '';
          const { figure } = grids.get(block.key);
          return mark ? node('div', { class: 'joined' }, node('span', { class: 'operation', 'aria-hidden': 'true' }, mark), figure) : figure;
        }));
      });
      picture.replaceChildren(...rows);
    }

    function point(block, i, j) {
      pointed = { key: block.key, i, j };
      light(block);
      say(shown.blocks.find((other) => other.key === block.key) || block);
    }

    // The row of the unit or letter that is pointed at, in every block that has it.
    function light(block) {
      const kindOf = (b) => b.kind || b.of || 'unit', name = block.rows[pointed.i];
      for (const other of shown.blocks) {
        const { made } = grids.get(other.key);
        const same = kindOf(other) === kindOf(block);
        made.forEach((row, i) => row.forEach((cell, j) => {
          cell.classList.toggle('lit', same && other.rows[i] === name);
          cell.classList.toggle('pointed', other.key === block.key && i === pointed.i && j === pointed.j);
        }));
      }
    }

    function say(block) {
      const known = block.phase <= shown.phase;
      arithmetic.textContent = known ? block.explain(Math.min(pointed.i, block.rows.length - 1), pointed.j) : `${block.title} is not computed yet: press Step.`;
      lightEquation(known ? block.phase : shown.phase);
    }

    function lightEquation(phase) {
      for (const part of equation.querySelectorAll('[data-phase]')) part.classList.toggle('now', Number(part.dataset.phase) === phase);
    }

    function writeEquation(parts) {
      equation.replaceChildren(...parts.map((part) => node('span', { class: 'formula' }, ...part.map(([text, phase, rows]) =>
        node('span', { ...(phase < 0 ? {} : { 'data-phase': phase }), ...(rows ? { class: 'chosen', title: 'the gate whose rows are shown' } : {}) }, text)))));
    }

    // shown: { letter, blocks, equations, phase, gate }; `moved` after a step, when the newest block speaks.
    function draw(fresh, moved) {
      const key = JSON.stringify(fresh.blocks.map((b) => [b.key, b.title, b.rows, b.columns]));
      shown = fresh;
      if (key !== layout) { build(fresh.blocks); layout = key; }
      for (const block of fresh.blocks) {
        const { figure, paint } = grids.get(block.key);
        paint(block, block.phase <= fresh.phase);
        figure.classList.toggle('chosen', block.key === `gate-${fresh.gate}`);
      }
      letter.textContent = fresh.letter;
      writeEquation(fresh.equations);
      const newest = fresh.blocks.filter((block) => block.phase === fresh.phase).pop();
      let block = fresh.blocks.find((b) => b.key === pointed.key);
      if (moved || !block || !block.rows.length) {
        block = newest || fresh.blocks[0];
        pointed = { key: block.key, i: Math.min(pointed.i, block.rows.length - 1), j: 0 };
        if (block.of === 'letter' && block.target >= 0) pointed.i = block.target;
      }
      pointed.i = Math.min(pointed.i, block.rows.length - 1);
      light(block);
      say(block);
    }

    return { parts: [equation, picture, arithmetic], draw };
  }

  return { create };
})();
