// The page: its head, its views, and what is the same in all of them.
import { html, render, useEffect, useRef, useState } from './vendor/htm-preact.js';
import { KeyDialog, currentKey, forgetKey } from './key.js';
import { Empty } from './parts/notes.js';
import { address, useRoute } from './router.js';
import { Shortcuts } from './shortcuts.js';
import { ThemeButton, applyTheme } from './theme.js';
import { Compare } from './views/compare.js';
import { Create } from './views/create.js';
import { Datasets } from './views/datasets.js';
import { Experiment } from './views/experiment.js';
import { Experiments } from './views/experiments.js';
import { Schedules } from './views/schedules.js';

const PLACES = [
  ['experiments', 'Experiments', 'g e'],
  ['compare', 'Compare', 'g c'],
  ['datasets', 'Datasets', 'g d'],
  ['schedules', 'Schedules', 'g s'],
];

function View({ segments, query }) {
  const [place = 'experiments', id, part, item] = segments;
  if (place === 'experiments' && id) return html`<${Experiment} key=${id} id=${id} part=${part} item=${item} query=${query} />`;
  if (place === 'experiments') return html`<${Experiments} query=${query} />`;
  if (place === 'new') return html`<${Create} query=${query} />`;
  if (place === 'compare') return html`<${Compare} query=${query} />`;
  if (place === 'schedules') return html`<${Schedules} query=${query} />`;
  if (place === 'datasets') return html`<${Datasets} name=${id} query=${query} />`;
  return html`<h1>Nothing here</h1><${Empty}>There is no such view. <a href=${address(['experiments'])}>To the experiments</a><//>`;
}

function Page() {
  const { segments, query } = useRoute();
  const [helped, setHelped] = useState(false);
  const main = useRef();
  const path = segments.join('/');
  const first = useRef(path);
  useEffect(() => {
    // Who comes to another view by keyboard or ear begins at its heading.
    if (first.current === path) return;
    first.current = null;
    scrollTo(0, 0);
    main.current.focus({ preventScroll: true });
  }, [path]);
  const skip = (event) => {
    event.preventDefault();
    main.current.focus();
  };
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <header class="top">
      <a class="brand" href=${address(['experiments'])}>
        <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 13 6 8.5l3 2L14 3M10 3h4v4" /></svg>AI Evolution
      </a>
      <nav aria-label="Views">
        ${PLACES.map(
          ([place, label, key]) => html`<a href=${address([place])} data-key=${key}
            aria-current=${(segments[0] ?? 'experiments') === place ? 'page' : undefined}>${label}</a>`,
        )}
      </nav>
      <div class="tools">
        ${currentKey() && html`<button type="button" class="quiet" onClick=${forgetKey}>Forget key</button>`}
        <a class="quiet" href="docs/">API</a>
        <${ThemeButton} />
        <button type="button" class="quiet" onClick=${() => setHelped(true)} aria-label="Keys" title="Keys (?)">?</button>
      </div>
    </header>
    <main id="main" ref=${main} tabindex="-1"><${View} segments=${segments} query=${query} /></main>
    <${KeyDialog} />
    <${Shortcuts} shown=${helped} setShown=${setHelped} />
  `;
}

applyTheme();
render(html`<${Page} />`, document.body);
