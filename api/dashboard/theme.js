// Light or dark: as the system says, until somebody chooses.
import { html, useEffect, useState } from './vendor/htm-preact.js';

const PLACE = 'ai-evolution.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

const chosen = () => localStorage.getItem(PLACE);

export function applyTheme() {
  const theme = chosen() ?? (dark.matches ? 'dark' : 'light');
  document.documentElement.dataset.theme = theme;
  return theme;
}

export function ThemeButton() {
  const [theme, setTheme] = useState(applyTheme());
  useEffect(() => {
    const changed = () => setTheme(applyTheme());
    dark.addEventListener('change', changed);
    return () => dark.removeEventListener('change', changed);
  }, []);
  const other = theme === 'dark' ? 'light' : 'dark';
  const change = () => {
    // What the system says anyway is not kept, so that the page follows it again.
    if ((other === 'dark') === dark.matches) localStorage.removeItem(PLACE);
    else localStorage.setItem(PLACE, other);
    setTheme(applyTheme());
  };
  return html`<button type="button" class="quiet" data-key="t" onClick=${change} aria-label=${`Show it ${other}`} title=${`Show it ${other}`}>
    <svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.2" /><path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" /></svg>
  </button>`;
}
