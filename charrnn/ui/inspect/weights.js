// The weights as pictures: signed tiles, and under each how its values are spread.
const about = node('p', { class: 'caption' }), grid = node('div', { class: 'weights-grid' });
root.replaceChildren(about, grid);

function tiles(item, above, below) {
  const values = new Int8Array(bytes(item.data).buffer), width = item.columns, height = values.length / width;
  const canvas = node('canvas', { width, height, role: 'img', 'aria-label': `${item.name} ${item.gate}` });
  if (height === 1) canvas.className = 'row';
  const pen = canvas.getContext('2d'), image = pen.createImageData(width, height);
  values.forEach((v, i) => {
    image.data.set(v < 0 ? below : above, 4 * i);
    image.data[4 * i + 3] = Math.min(255, Math.round(255 * Math.sqrt(Math.abs(v) / 127)));
  });
  pen.putImageData(image, 0, 0);
  return canvas;
}

function spread(item) {
  const counts = item.histogram.split(' ').map(Number), most = Math.max(...counts);
  const svg = shape('svg', { viewBox: `0 0 ${counts.length} 16`, preserveAspectRatio: 'none', class: 'spread', 'aria-hidden': 'true' });
  counts.forEach((c, i) => { const h = (16 * c) / most; svg.append(shape('rect', { x: i, y: 16 - h, width: 0.85, height: h })); });
  return svg;
}

function section(items, above, below) {
  const { name, meaning } = items[0];
  return node('section', {}, node('div', { class: 'head' }, node('code', {}, name), node('span', {}, meaning)),
    node('div', { class: 'tiles' }, ...items.map((item) => node('figure', {},
      node('figcaption', {}, item.gate, node('span', { class: 'note' }, ` ${item.shape}`)),
      tiles(item, above, below), spread(item), node('p', { class: 'note' }, item.stats)))));
}

always((value) => {
  about.textContent = value.about || '';
  const above = rgb('--above'), below = rgb('--below'), groups = new Map();
  for (const item of value.pictures || []) groups.set(item.name, [...groups.get(item.name) || [], item]);
  grid.replaceChildren(...[...groups.values()].map((items) => section(items, above, below)));
});
