// What views read of the service: once, again and again, or as it changes.
import { useCallback, useEffect, useState } from './vendor/htm-preact.js';
import { events, experiment as pathOf, get, request } from './api.js';
import { isFinal } from './words.js';

/**
 * What a path answers: `{ data, problem, loading, reload }`. Read again every `every` milliseconds while the page is seen;
 * what was read stays while it is read again. A path of null reads nothing.
 */
export function useLoad(path, every = 0) {
  const [state, setState] = useState({ path });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (path === null) return;
    const control = new AbortController();
    let timer;
    const read = async () => {
      try {
        const data = await get(path, control.signal);
        setState({ path, data });
      } catch (problem) {
        if (control.signal.aborted) return;
        setState((before) => ({ path, data: before.path === path ? before.data : undefined, problem }));
      }
      if (every) timer = setTimeout(again, every);
    };
    const again = () => (document.hidden ? (timer = setTimeout(again, every)) : read());
    read();
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [path, every, turn]);
  const reload = useCallback(() => setTurn((turn) => turn + 1), []);
  const current = state.path === path ? state : {};
  return { ...current, loading: path !== null && !current.data && !current.problem, reload };
}

/**
 * An experiment as it changes: `{ experiment, problem, live, follow }`. `live` is false while the stream is broken off;
 * `follow` begins again, for one that had ended.
 */
export function useExperiment(id) {
  const [state, setState] = useState({ id });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const control = new AbortController();
    const tell = (news) => {
      if (!control.signal.aborted) setState((before) => ({ ...(before.id === id ? before : { id }), ...news }));
    };
    stream(id, control.signal, tell).catch((problem) => tell({ problem, live: false }));
    return () => control.abort();
  }, [id, turn]);
  const follow = useCallback(() => setTurn((turn) => turn + 1), []);
  useEffect(() => {
    // While nobody looked somebody else may have begun another round.
    const seen = () => document.hidden || follow();
    document.addEventListener('visibilitychange', seen);
    return () => document.removeEventListener('visibilitychange', seen);
  }, []);
  return { ...(state.id === id ? state : {}), follow };
}

/** Follows an experiment to its end, and takes a broken stream up again. */
async function stream(id, signal, tell) {
  let wait = 500;
  let last;
  while (!signal.aborted) {
    try {
      const headers = last ? { 'last-event-id': last } : {};
      const response = await request(pathOf(id, 'events'), { headers, signal });
      if (response.status === 204) return tell({ live: true, problem: undefined });
      for await (const event of events(response.body)) {
        const experiment = JSON.parse(event.data);
        last = event.id;
        wait = 500;
        tell({ experiment, live: true, problem: undefined });
        if (isFinal(experiment.status)) return;
      }
    } catch (problem) {
      if (signal.aborted) return;
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) throw problem;
      tell({ problem, live: false });
    }
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, 15_000);
  }
}
