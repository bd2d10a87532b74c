// The tour: eight cards, each with a question to answer before looking, and a link of its own.
let lessons = [], chapters = false, open = -1;
const strip = node('nav', { class: 'stops', 'aria-label': 'Lessons of the tour' });
const card = node('section', { class: 'card', hidden: '', 'aria-live': 'polite' });
const sheet = node('section', { class: 'sheet', hidden: '', 'aria-label': "Teacher's sheet" });
root.replaceChildren(strip, card, sheet);

function linkOf(k) {
  const link = new URL(window.location.href);
  link.search = `?lesson=${k + 1}`;
  link.hash = '';
  return link.href;
}

function remember() {
  const link = new URL(window.location.href);
  if (open < 0) link.searchParams.delete('lesson'); else link.searchParams.set('lesson', open + 1);
  window.history.replaceState(window.history.state, '', link);
}

// The live panels below listen; one that is not there yet looks at window.charrnnLesson.
function announce() {
  window.charrnnLesson = open < 0 ? null : lessons[open].setup;
  document.dispatchEvent(new CustomEvent('charrnn-lesson'));
}

function show(k, focus = true) {
  open = k;
  sheet.hidden = true;
  drawStrip();
  card.hidden = open < 0;
  if (open >= 0) drawCard(lessons[open]);
  remember();
  announce();
  if (focus && open >= 0) card.querySelector('h2').focus();
}

function drawStrip() {
  strip.replaceChildren(node('strong', {}, 'Tour'),
    ...lessons.map((lesson, k) => press(`${k + 1} ${lesson.title}`, () => show(k), k === open ? { 'aria-current': 'step', class: 'small stop' } : { class: 'small stop' })),
    press("Teacher's sheet", teach, { class: 'small stop' }), ...(open >= 0 ? [press('Close the tour', () => show(-1), { class: 'small stop' })] : []));
}

function drawCard(lesson) {
  const answer = node('div', { class: 'reply', hidden: '', role: 'status' }), verdict = node('strong'), explanation = node('p');
  answer.append(verdict, explanation, node('p', {}, node('b', {}, 'Try it: '), lesson.try_it));
  const choices = lesson.choices.map((text, k) => press(text, () => {
    choices.forEach((other, j) => { other.setAttribute('aria-pressed', `${j === k}`); other.classList.toggle('right', j === lesson.right); other.classList.toggle('wrong', j === k && j !== lesson.right); });
    answer.hidden = false;
    verdict.textContent = k === lesson.right ? 'Right. ' : `The right answer is: ${lesson.choices[lesson.right]}. `;
    explanation.textContent = lesson.answer;
  }, { 'aria-pressed': 'false', class: 'small option' }));
  const more = chapters ? [node('a', { href: '#charrnn-chapters', class: 'chapter' }, `The chapter with the code: ${lesson.chapter}`)] : [];
  for (const link of more) link.addEventListener('click', (event) => { event.preventDefault(); read(lesson.chapter); });
  card.replaceChildren(node('h2', { tabindex: '-1' }, `${open + 1} of ${lessons.length}: ${lesson.title}`), node('p', {}, lesson.text),
    node('p', { class: 'question' }, node('b', {}, 'Before you look: '), lesson.question),
    node('div', { class: 'options', role: 'group', 'aria-label': 'Your answer' }, ...choices), answer,
    node('div', { class: 'tools' },
      ...(open > 0 ? [press('◀ Previous', () => show(open - 1))] : []),
      ...(open + 1 < lessons.length ? [press('Next ▶', () => show(open + 1), { class: 'small primary' })] : []),
      press('Copy lesson link', copyLink), link, copied, ...more));
  link.value = linkOf(open);
  link.size = link.value.length;
  copied.textContent = '';
}

// Opens the chapters below, which the server sends the first time, and goes to one by its heading.
function read(chapter) {
  const chapters = document.getElementById('charrnn-chapters'), head = chapters.querySelector('button');
  if (!head.classList.contains('open')) head.click();
  const find = () => {
    const heading = [...chapters.querySelectorAll('h2')].find((one) => one.textContent.trim() === chapter);
    if (!heading) return false;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
    heading.scrollIntoView();
    return true;
  };
  if (find()) return;
  const watcher = new MutationObserver(() => { if (find()) watcher.disconnect(); });
  watcher.observe(chapters, { childList: true, subtree: true });
}

// A chapter's link to a lesson opens it here.
document.addEventListener('click', (event) => {
  const to = event.target.closest?.('#charrnn-chapters a[href*="lesson="]');
  if (!to || !root.isConnected) return;
  event.preventDefault();
  show(Number(to.href.match(/lesson=(\d)/)[1]) - 1);
  root.scrollIntoView();
});

// Inside another site's frame the clipboard may be closed: then the link is selected, to be copied by hand.
const link = node('input', { type: 'text', readonly: '', class: 'link', 'aria-label': 'Link of this lesson' });
const copied = node('span', { class: 'note', role: 'status' });
async function copyLink() {
  try {
    await navigator.clipboard.writeText(link.value);
    copied.textContent = 'Copied.';
  } catch {
    link.select();
    copied.textContent = document.execCommand('copy') ? 'Copied.' : 'Press Ctrl+C to copy the link.';
  }
}

function teach() {
  sheet.hidden = !sheet.hidden;
  if (sheet.hidden) return;
  sheet.replaceChildren(node('h2', { tabindex: '-1' }, 'How a recurrent network works: the questions and their answers'),
    node('p', { class: 'screen' }, press('Print this sheet', print, { class: 'small primary' }), ' ', press('Close', teach)),
    node('ol', {}, ...lessons.map((lesson, k) => node('li', {}, node('h3', {}, lesson.title), node('p', {}, lesson.text), node('p', {}, node('b', {}, lesson.question)),
      node('ol', { type: 'a' }, ...lesson.choices.map((text, j) => node('li', j === lesson.right ? { class: 'right' } : {}, text))),
      node('p', {}, 'Answer: ', lesson.answer), node('p', {}, `To try: ${lesson.try_it}`), node('p', { class: 'link' }, linkOf(k))))));
  sheet.querySelector('h2').focus();
}

// Gradio puts its own selector before every rule of a style sheet, so this one is added by hand.
const ONLY_THE_SHEET = `@media print {
  body * { visibility: hidden; }
  .tour .sheet, .tour .sheet * { visibility: visible; color: #000; }
  .tour .sheet { position: absolute; inset: 0 auto auto 0; max-width: none; }
  .tour .sheet .screen { display: none; }
}`;

function print() {
  const style = node('style', {}, ONLY_THE_SHEET);
  document.head.append(style);
  window.addEventListener('afterprint', () => style.remove(), { once: true });
  window.print();
}

always((fresh) => {
  if (lessons.length) return;
  ({ lessons, chapters } = fresh);
  const wanted = Number(new URLSearchParams(window.location.search).get('lesson'));
  if (Number.isInteger(wanted) && wanted >= 1 && wanted <= lessons.length) show(wanted - 1, false);
  else drawStrip();
});
