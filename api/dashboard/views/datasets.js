// Uploaded datasets, and the versions of one.
import { html } from '../vendor/htm-preact.js';
import { bytes } from '../format.js';
import { useLoad } from '../load.js';
import { Empty, Failure, Loading } from '../parts/notes.js';
import { Pager, pageToken } from '../parts/pager.js';
import { Ago } from '../parts/status.js';
import { address, queryOf } from '../router.js';

const SEGMENTS = ['datasets'];

export function Datasets({ name, query }) {
  return name ? html`<${Versions} name=${name} />` : html`<${All} query=${query} />`;
}

function All({ query }) {
  const { data, problem, loading, reload } = useLoad(`datasets?${queryOf({ page_size: 50, page_token: pageToken(query) })}`);
  return html`
    <h1>Datasets</h1>
    <p class="soft">Those that were uploaded, each by its newest version. Experiments may also read files of the workers, addresses, or items of their own.</p>
    <${Failure} problem=${problem} retry=${reload} />
    ${loading && html`<${Loading} what="datasets" />`}
    ${data?.datasets.length === 0 && html`<${Empty}>None is uploaded yet. <code>ai-evolution dataset upload FILE --name NAME</code> uploads one.<//>`}
    ${data?.datasets.length > 0 && html`<${Table} versions=${data.datasets} named />`}
    ${data && html`<${Pager} segments=${SEGMENTS} query=${query} next=${data.next_page_token} of="datasets" />`}
  `;
}

function Versions({ name }) {
  const { data, problem, loading, reload } = useLoad(`datasets/${encodeURIComponent(name)}`);
  return html`
    <p><a href=${address(SEGMENTS)}>Datasets</a></p>
    <h1>${name}</h1>
    <${Failure} problem=${problem} retry=${reload} />
    ${loading && html`<${Loading} what="versions" />`}
    ${data && html`<${Table} versions=${data.versions} />`}
  `;
}

function Table({ versions, named }) {
  return html`
    <table class="list datasets">
      <caption class="hidden">${named ? 'Datasets' : 'Versions, newest first'}</caption>
      <thead>
        <tr>
          <th scope="col">${named ? 'Dataset' : 'Version'}</th>
          <th scope="col">Format</th>
          <th scope="col" class="n">Size</th>
          <th scope="col">Created</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        ${versions.map(
          ({ name, version, format, compression, bytes: size, received, complete, created_at: created }) => html`<tr key=${`${name} ${version}`} data-row-of=${name}>
            <th scope="row" class="name">${named ? html`<a data-row href=${address(['datasets', name])}>${name}</a>` : html`<code>${version}</code>`}
              ${named && html`<span class="id">${version.slice(0, 16)}</span>`}</th>
            <td>${format}${compression && `, ${compression}`}</td>
            <td class="n">${bytes(size)}</td>
            <td class="soft"><${Ago} at=${created} /></td>
            <td>${complete ? 'complete' : `${bytes(received)} received`}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  `;
}
