// The public API: requests, problem documents, and streams of events.
import { askForKey, currentKey } from './key.js';

const base = new URL('v1/', document.baseURI);

/** What a request failed of, as the service says it (RFC 9457). */
export class Problem extends Error {
  constructor({ status = 0, code = 'unreachable', detail, errors = [], request_id: requestId }) {
    super(detail);
    Object.assign(this, { status, code, detail, errors, requestId });
  }

  static async of(response) {
    const text = await response.text();
    try {
      return new Problem({ ...JSON.parse(text), status: response.status });
    } catch {
      const detail = `the service answered ${response.status}`;
      return new Problem({ status: response.status, code: 'unknown', detail });
    }
  }
}

/** The path of an experiment, and of what belongs to it. */
export const experiment = (id, ...rest) => ['experiments', encodeURIComponent(id), ...rest].join('/');

/** An answer that is no failure. Asks for a key when the service does. */
export async function request(path, { method = 'GET', body, headers = {}, signal } = {}) {
  for (;;) {
    const key = currentKey();
    const sent = { ...headers };
    if (key) sent.authorization = `Bearer ${key}`;
    if (body !== undefined) sent['content-type'] = 'application/json';
    const response = await reach(path, { method, headers: sent, body: body && JSON.stringify(body), signal });
    if (response.status === 401 && (await askForKey(key))) continue;
    if (!response.ok) throw await Problem.of(response);
    return response;
  }
}

async function reach(path, options) {
  try {
    return await fetch(new URL(path, base), { ...options, cache: 'no-cache' });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem({ detail: 'the service cannot be reached' });
  }
}

export const get = async (path, signal) => (await request(path, { signal })).json();

export const post = async (path, body = {}) => (await request(path, { method: 'POST', body })).json();

/** Server-sent events of a body: `{ id, event, data }` each. */
export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split(/\r?\n\r?\n/);
      text = blocks.pop();
      for (const block of blocks) {
        const event = parsed(block);
        if (event.data !== undefined) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function parsed(block) {
  const event = {};
  for (const line of block.split(/\r?\n/)) {
    const [, name, value] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
    if (name) event[name] = name === 'data' && event.data !== undefined ? `${event.data}\n${value}` : value;
  }
  return event;
}
