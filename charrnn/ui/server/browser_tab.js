// What one tab of a browser remembers over a reload: its session token, and the text in its box.
// Both are kept in the tab's sessionStorage, the text nowhere else. The token is in localStorage too,
// for a tab that is opened after this one was closed. A browser may block both.
window.charrnnTab = (() => {
  const get = (key, where = 'session') => { try { return window[`${where}Storage`].getItem(`charrnn-${key}`); } catch { return null; } };
  const set = (key, value, where = 'session') => { try { window[`${where}Storage`].setItem(`charrnn-${key}`, value); } catch { /* full or blocked */ } };
  const saved = { text: get('text'), corpus: get('corpus') }; // before anything overwrites it
  let held = '', release = () => {};
  let open = () => {}, waiting = false;
  const opening = new Promise((done) => { open = done; });

  // A token belongs to the tab that holds its lock. A reloaded tab waits for its own old page.
  const hold = (token) => new Promise((done) => {
    if (!navigator.locks || token === held) return done(true); // no locks on plain http
    const options = { signal: AbortSignal.timeout(1000) };
    return navigator.locks.request(`charrnn-${token}`, options, () => {
      release();
      held = token;
      done(true);
      return new Promise((ended) => { release = ended; });
    }).catch(() => done(false));
  });

  window.addEventListener('charrnn:text', (event) => set('text', event.detail.text));
  return {
    // The token to open with: "=" and the tab's own, or the one that the browser's tabs share. A
    // duplicated tab has the token of its original, which is then not its own.
    async arrive() {
      const own = get('token');
      if (!own) return get('token', 'local') || '';
      return (await hold(own)) ? `=${own}` : own;
    },
    remember(token) {
      if (!token) return;
      set('token', token);
      set('token', token, 'local');
      hold(token);
    },
    open: () => open(),
    // A button pressed before the page has its settings and its text acts once the page has them.
    async pressed() {
      if (waiting) return new Promise(() => {}); // pressed twice: once is enough
      waiting = true;
      await opening;
      waiting = false;
    },
    choose: (corpus) => set('corpus', corpus),
    // The box and the choice as they were, unless there is a new text or the address names another.
    restore(text, corpus, own) {
      if (text || !saved.text) return [text, corpus];
      const named = new URLSearchParams(location.search).has('corpus');
      const chosen = !named && (saved.corpus === null || saved.corpus === own) ? own : corpus;
      this.unchosen = chosen === own ? '' : saved.text;
      return [saved.text, chosen];
    },
    unchosen: '', // the restored text, where an example was chosen instead of it
  };
})();
