// Addresses of the page: what follows `#` names a view and what it shows, so that every state can be linked to.
import { useEffect, useState } from './vendor/htm-preact.js';

/** The address of a view, of path segments and parameters; those that are empty are left out. */
export function address(segments, parameters = {}) {
  const path = segments.map(encodeURIComponent).join('/');
  const query = queryOf(parameters);
  return `#/${path}${query && `?${query}`}`;
}

/** Parameters as a query, without those that are empty. A list is a parameter that is repeated. */
export function queryOf(parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const one of [value].flat()) {
      if (one !== undefined && one !== null && one !== '') query.append(name, one);
    }
  }
  return query.toString();
}

/** What an address names: `{ segments, query }`. */
export function parse(hash) {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  return { segments: path.split('/').filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Changes the address without a step in the browser's history, as filters do. */
export function replace(target) {
  history.replaceState(null, '', target);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

/** The address as it stands, again whenever it changes. */
export function useRoute() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => setHash(location.hash);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return parse(hash);
}
