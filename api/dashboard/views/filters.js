// Filters of a list, kept in the address. Text is taken when it is entered, so that no half-typed word is asked for.
import { html } from '../vendor/htm-preact.js';
import { parameters } from '../parts/pager.js';
import { address, replace } from '../router.js';

/** A row of fields; `fields` are `Text` and `Choice`, named as the parameters of the API. */
export function Filters({ segments, query, fields }) {
  const set = (name, value) => replace(address(segments, { ...parameters(query), [name]: value }));
  const used = fields.some(({ name }) => query.get(name));
  const clear = () => replace(address(segments, Object.fromEntries(fields.map(({ name }) => [name, '']))));
  return html`
    <form class="filters" role="search" onSubmit=${(event) => event.preventDefault()}>
      ${fields.map((field, index) => {
        const shared = { name: field.name, 'data-key': index === 0 ? '/' : undefined };
        const change = (event) => set(field.name, event.target.value);
        return html`
          <label key=${field.name}>
            <span>${field.label}</span>
            ${field.choices
              ? html`<select ...${shared} onChange=${change}>
                  <option value="" selected=${!query.get(field.name)}>Any</option>
                  ${Object.entries(field.choices).map(
                    ([value, label]) => html`<option value=${value} selected=${query.get(field.name) === value}>${label}</option>`,
                  )}
                </select>`
              : html`<input ...${shared} type=${field.type ?? 'search'} list=${field.list} value=${query.get(field.name) ?? ''}
                  placeholder=${field.placeholder ?? ''} autocomplete="off" onChange=${change} onSearch=${change} />`}
          </label>
        `;
      })}
      ${used && html`<button type="button" class="quiet" onClick=${clear}>Clear</button>`}
    </form>
  `;
}
