'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = byId('filter');
  const text = byId('filter-text');
  const module = byId('filter-module');
  const clear = byId('filter-clear');
  const states = all('input[name=state]', form);
  const problems = all('.problems li');
  const rowsOfModules = all('table.modules tbody tr');

  // A case with a card is in the table, too: both are shown or hidden, and it is counted once.
  const modules = all('details.module').map((element) => ({
    element,
    name: element.dataset.module,
    isOpen: element.open,
    items: all('article.case, tr.case', element),
  }));
  const findings = all('article.finding');
  const words = new Map();
  const wordsOf = (item) => {
    if (!words.has(item)) {
      const name = item.dataset.id ?? '';
      words.set(item, `${name} ${item.textContent}`.toLowerCase());
    }
    return words.get(item);
  };

  const wanted = () => ({
    text: text.value.trim().toLowerCase(),
    state: states.find((it) => it.checked)?.value ?? '',
    module: module.value,
  });
  const isActive = (filter) => Boolean(filter.text || filter.state || filter.module);

  let wasActive = false;
  const apply = () => {
    const filter = wanted();
    const active = isActive(filter);
    const parts = filter.text.split(/\s+/).filter(Boolean);
    const fits = (item, name) =>
      (!filter.state || item.dataset.state === filter.state) &&
      (!filter.module || name === filter.module) &&
      parts.every((part) => wordsOf(item).includes(part));
    let shown = 0;
    let count = 0;
    const known = new Set();
    const show = (item, name) => {
      const isShown = !active || fits(item, name);
      item.hidden = !isShown;
      return isShown;
    };
    for (const finding of findings) {
      count += 1;
      shown += show(finding, finding.dataset.module) ? 1 : 0;
    }
    for (const { element, name, items, isOpen } of modules) {
      let inModule = 0;
      for (const item of items) {
        // The row of a case is found by what its card says.
        const card = item.matches('tr') && !item.id ? item.querySelector('a').hash.slice(1) : '';
        const isShown = card && active ? !byId(card)?.hidden : show(item, name);
        if (card) item.hidden = !isShown;
        if (item.matches('tr')) {
          count += 1;
          inModule += isShown ? 1 : 0;
        }
      }
      shown += inModule;
      element.hidden = inModule === 0;
      if (inModule > 0) known.add(name);
      if (active) element.open = inModule > 0;
      else if (wasActive) element.open = isOpen;
      const kill = element.querySelector('.kill');
      if (kill) kill.hidden = active && inModule < items.filter((it) => it.matches('tr')).length;
    }
    for (const row of rowsOfModules) row.hidden = active && !known.has(row.dataset.module);
    for (const problem of problems) {
      const about = byId(decodeURIComponent(problem.querySelector('a').hash.slice(1)));
      problem.hidden = active && (!about || about.hidden);
    }
    // No heading stands over nothing.
    for (const section of all('main > section')) {
      const things = all('li, tbody tr, article, details.module', section);
      section.hidden = active && things.every((it) => it.hidden || it.closest('[hidden]:not(section)'));
    }
    byId('filter-count').textContent = active ? `${shown} of ${count}` : '';
    byId('nothing').hidden = shown > 0 || count === 0;
    clear.hidden = !active;
    wasActive = active;
    return filter;
  };

  // The filter is in the address, so that it can be sent to somebody.
  const PREFIX = '#filter?';
  const remember = () => {
    const filter = apply();
    const values = Object.entries(filter).filter(([, value]) => value);
    const query = new URLSearchParams(values).toString();
    const address = query ? PREFIX + query : location.pathname + location.search;
    try {
      history.replaceState(null, '', address);
    } catch {
      // Some browsers allow it only so often for files.
    }
  };
  const set = (filter) => {
    text.value = filter.get('text') ?? '';
    for (const state of states) state.checked = state.value === (filter.get('state') ?? '');
    module.value = filter.get('module') ?? '';
    if (module.selectedIndex < 0) module.value = '';
  };
  const reset = () => {
    set(new URLSearchParams());
    remember();
    text.focus();
  };

  // A link leads to its case or finding, whatever hides it.
  const target = () => {
    try {
      return byId(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return null;
    }
  };
  const follow = () => {
    if (location.hash.startsWith(PREFIX)) {
      set(new URLSearchParams(location.hash.slice(PREFIX.length)));
      apply();
      return;
    }
    const element = target();
    if (!element || form.contains(element)) return;
    if (element.closest('[hidden]')) {
      set(new URLSearchParams());
      apply();
    }
    for (let it = element; it; it = it.parentElement) {
      if (it.matches('details')) it.open = true;
    }
    element.scrollIntoView();
    // So that the keyboard goes on from there.
    if (!element.matches('details, [tabindex]')) element.tabIndex = -1;
    const place = element.matches('details') ? element.querySelector('summary') : element;
    place.focus({ preventScroll: true });
  };

  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', remember);
  clear.addEventListener('click', reset);
  text.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') reset();
  });
  document.addEventListener('keydown', (event) => {
    const isTyping = event.target.matches?.('input, select, textarea');
    if (event.key === '/' && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      text.focus();
      text.select();
    }
  });
  const fold = (isOpen) => {
    for (const { element } of modules) element.open = isOpen;
  };
  byId('open-all')?.addEventListener('click', () => fold(true));
  byId('close-all')?.addEventListener('click', () => fold(false));
  window.addEventListener('hashchange', follow);

  form.hidden = false;
  if (byId('folding')) byId('folding').hidden = false;
  follow();
})();
