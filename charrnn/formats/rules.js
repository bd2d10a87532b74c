'use strict';
// How a model reads a text and draws symbols, by the rules of charrnn/vocabulary.py and
// charrnn/network/sampling.py. It touches no page, so the exported page and the demo share it.
//
// A vocabulary is { symbols, words, cleaning }.

const rules = (() => {
  const UNKNOWN = '\ufffd'; // stands for every symbol that the model never saw, where it is known
  const GREEDY_BELOW = 1e-3;
  const WORD = /[\p{L}\p{N}_][\p{L}\p{N}_\p{M}]*|./gsu;

  const CLEANINGS = {
    none: (text) => text,
    lowercase: (text) => text.toLowerCase(),
    letters: (text) => text.toLowerCase().replace(/^\P{L}+|[^\p{L}\p{M}]\P{L}*/gu, ' '),
  };

  const split = (clean, words) => words ? clean.match(WORD) || [] : Array.from(clean);

  // The symbols of a text, known or not.
  function tokens(text, { words, cleaning }) { return split(CLEANINGS[cleaning](text), words); }

  // The same in the normal form with the fewest unknown symbols. `known` is a Set or Map of symbols.
  function tokensAsKnown(text, { words, cleaning }, known) {
    const unknown = (symbols) => new Set(symbols.filter((symbol) => !known.has(symbol))).size;
    const clean = CLEANINGS[cleaning](text);
    let best = split(clean, words), fewest = unknown(best);
    for (const form of ['NFC', 'NFD']) {
      if (!fewest) break;
      const symbols = split(clean.normalize(form), words), count = unknown(symbols);
      if (count < fewest) [best, fewest] = [symbols, count];
    }
    return best;
  }

  // The ids of a text, and the distinct symbols without an id: left out, or read as UNKNOWN.
  function encode(text, vocabulary, idOf) {
    const ids = [], missing = new Set(), fallback = idOf.get(UNKNOWN);
    for (const token of tokensAsKnown(text, vocabulary, idOf)) {
      const id = idOf.get(token) ?? fallback;
      if (id !== undefined) ids.push(id);
      if (!idOf.has(token)) missing.add(token);
    }
    return { ids, missing: [...missing] };
  }

  // What the next symbol may be: logits to weights, which need not sum to 1.
  function weights(logits, { temperature = 1, top_k = 0, top_p = 1 } = {}) {
    const best = logits.reduce((a, y, i) => (y > logits[a] ? i : a), 0);
    if (temperature < GREEDY_BELOW) return Float64Array.from(logits, (_, i) => Number(i === best));
    const w = Float64Array.from(logits, (y) => Math.exp((y - logits[best]) / temperature));
    if (!top_k && top_p >= 1) return w;
    const order = Array.from(w.keys()).sort((a, b) => w[b] - w[a]);
    const most = top_p * w.reduce((a, b) => a + b, 0);
    let sum = 0; // of all that are likelier
    order.forEach((i, place) => {
      const likelier = sum;
      sum += w[i];
      if (place > 0 && (likelier >= most || (top_k && place >= top_k))) w[i] = 0;
    });
    return w;
  }

  // The symbol that a random number u in [0, 1) falls on.
  function draw(w, u) {
    const most = u * w.reduce((a, b) => a + b, 0);
    let sum = 0;
    return w.findIndex((weight) => (sum += weight) > most);
  }

  return { UNKNOWN, tokens, tokensAsKnown, encode, weights, draw };
})();
