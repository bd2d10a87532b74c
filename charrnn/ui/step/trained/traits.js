// How much of a trait a written text has, to set two texts side by side: the traits that
// charrnn/analysis/units.py names and that can be counted. Plain data.

const traits = (() => {
  // How often a bracket or a quotation is opened and closed; the same mark may do both.
  function pairs(opening, closing) {
    return (text) => {
      let opened = 0, closed = 0;
      for (const symbol of text) {
        if (closing.includes(symbol) && (opened > closed || !opening.includes(symbol))) closed += 1;
        else if (opening.includes(symbol)) opened += 1;
      }
      return `${opened} opened, ${closed} closed`;
    };
  }

  function share(pattern) {
    return (text) => percent([...text].filter((symbol) => pattern.test(symbol)).length / Math.max(1, [...text].length));
  }

  const MEASURES = {
    'inside quotes': ['Quotations', pairs('"“«', '"”»')],
    'inside brackets': ['Brackets', pairs('([{', ')]}')],
    'position in the line': ['Line breaks', share(/\n/)],
    'after a line break': ['Line breaks', share(/\n/)],
    'line break': ['Line breaks', share(/\n/)],
    'position in the word': ['Spaces', share(/\s/)],
    'after a space': ['Spaces', share(/\s/)],
    space: ['Spaces', share(/\s/)],
    'capital letter': ['Capital letters', share(/\p{Lu}/u)],
    vowel: ['Vowels', share(/[aeiou]/i)],
    punctuation: ['Punctuation', share(/[^\p{L}\p{N}\s]/u)],
    'end of a sentence': ['Ends of sentences', share(/[.!?]/)],
    digit: ['Digits', share(/\p{N}/u)],
  };

  // "Brackets, free: 2 opened, 2 closed; held: 3 opened, 0 closed." or nothing.
  function compared(name, free, held) {
    const [what, measure] = MEASURES[name] || [];
    return what ? `${what}, free: ${measure(free)}; held: ${measure(held)}.` : '';
  }

  return { compared };
})();
