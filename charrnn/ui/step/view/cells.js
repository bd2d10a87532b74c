// A block of numbers as a grid of cells: colored by sign and size, read by a screen reader with
// their names, walked with the arrow keys. A valve is a cell that can be dragged from 0 to 1.

const cells = (() => {
  // Colors reach their full strength at the largest of the block; memories and gates at 1.
  function strength(block) {
    const largest = Math.max(...block.values.flat().filter(Number.isFinite).map(Math.abs), 1e-9);
    return Math.max(1, largest);
  }

  function grid(block, events) {
    const roles = block.valve ? ['group', 'none', 'none', 'slider'] : ['grid', 'row', 'rowheader', 'gridcell'];
    const body = node('div', { class: 'cells', role: roles[0], 'aria-label': `${block.title}: ${block.caption}` });
    const made = block.values.map((row, i) => {
      const line = node('div', { class: 'line', role: roles[1] });
      line.append(node('span', { class: 'name', role: roles[2] }, block.rows[i] ?? ''));
      const spans = row.map((_, j) => node('span', { role: roles[3], tabindex: '-1', class: 'cell', 'data-i': i, 'data-j': j, 'data-key': block.key }));
      line.append(...spans);
      body.append(line);
      return spans;
    });
    if (made.length && made[0].length) made[0][0].tabIndex = 0;
    if (block.valve) made.flat().forEach((cell) => valve(cell, block, events));
    const title = node('figcaption', {}, block.title), caption = node('small', {}, block.caption);
    const figure = node('figure', { class: `block${block.small ? ' matrix' : ''}${block.bars ? ' bars' : ''}${block.valve ? ' valves' : ''}${block.large ? ' large' : ''}`, 'data-block': block.key }, title, body, caption);
    let current = block;
    const at = (event) => {
      const cell = event.target.closest('.cell');
      return cell && body.contains(cell) ? [Number(cell.dataset.i), Number(cell.dataset.j)] : null;
    };
    const point = (event) => { const place = at(event); if (place) events.point(current, ...place); };
    body.addEventListener('mouseover', point);
    body.addEventListener('focusin', point);
    body.addEventListener('keydown', (event) => walk(event, made, at(event)));
    return { figure, made, paint(fresh, known) { current = fresh; paint(figure, made, fresh, known); caption.textContent = fresh.caption; } };
  }

  function paint(figure, made, block, known) {
    const most = strength(block);
    figure.classList.toggle('unknown', !known);
    block.values.forEach((row, i) => row.forEach((value, j) => {
      const cell = made[i][j];
      cell.dataset.value = known ? value : '';
      cell.setAttribute('aria-label', known ? `${block.name(i, j)}: ${numbers.signed(value, 4)}` : `${block.name(i, j)}: not computed yet`);
      cell.classList.toggle('picked', known && block.picked === j);
      cell.classList.toggle('target', Boolean(known && block.bars && block.target === i));
      cell.classList.toggle('held', Boolean(block.held && block.held[i]));
      if (block.valve) cell.setAttribute('aria-valuenow', value.toFixed(2));
      cell.style.setProperty('--fill', known && (block.valve || block.bars) ? Math.max(0, Math.min(1, value)) : 0);
      cell.style.backgroundColor = known && !block.bars && !block.valve ? tint(value / most, 58) : '';
      cell.textContent = block.small ? '' : text(block, value, known);
    }));
  }

  function text(block, value, known) {
    if (!known) return '·';
    if (block.bars) return percent(value);
    if (block.key === 'x' && (value === 0 || value === 1)) return `${value}`;
    return block.valve || block.large ? numbers.unsigned(value) : numbers.signed(value);
  }

  // Arrow keys move within a grid; only one of its cells is in the tab order.
  function walk(event, made, place) {
    const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] || [0, 0];
    if (!place || (!down && !right) || event.defaultPrevented) return;
    const next = (made[place[0] + down] || [])[place[1] + right];
    event.preventDefault();
    if (!next) return;
    made.flat().forEach((cell) => { cell.tabIndex = -1; });
    next.tabIndex = 0;
    next.focus();
  }

  // A gate's cell: dragged sideways, or by the keys left, right, Home and End; Delete lets it go.
  function valve(cell, block, events) {
    const unit = Number(cell.dataset.i);
    cell.setAttribute('aria-valuemin', '0');
    cell.setAttribute('aria-valuemax', '1');
    const follow = (event) => {
      const box = cell.getBoundingClientRect();
      events.hold(block.gate, unit, (event.clientX - box.left) / box.width);
    };
    cell.addEventListener('pointerdown', (event) => { cell.setPointerCapture(event.pointerId); follow(event); });
    cell.addEventListener('pointermove', (event) => { if (cell.hasPointerCapture(event.pointerId)) follow(event); });
    cell.addEventListener('dblclick', () => events.release(block.gate, unit));
    cell.addEventListener('keydown', (event) => {
      const now = Number(cell.dataset.value), to = { ArrowRight: now + 0.1, ArrowLeft: now - 0.1, Home: 0, End: 1 }[event.key];
      if (event.key === 'Delete' || event.key === 'Backspace') events.release(block.gate, unit);
      else if (to !== undefined) events.hold(block.gate, unit, to);
      else return;
      event.preventDefault();
    });
  }

  return { grid };
})();
