// Where the values of a JSON text stand, so that a fault can be shown in it.

/** The offset of what a pointer (RFC 6901) leads to, or of the nearest that holds it. The text is JSON. */
export function placeOf(text, pointer) {
  const found = places(text);
  for (let path = pointer; path; path = path.slice(0, path.lastIndexOf('/'))) {
    if (found.has(path)) return found.get(path);
  }
  return 0;
}

/** The line of an offset, from 1. */
export const lineOf = (text, offset) => text.slice(0, offset).split('\n').length;

/** The offset of every key or entry, by its pointer. */
function places(text) {
  const found = new Map();
  let at = 0;
  const blanks = () => {
    while (' \t\r\n'.includes(text[at] ?? 'x')) at++;
  };
  const string = () => {
    const start = at++;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    return JSON.parse(text.slice(start, ++at));
  };
  const value = (pointer) => {
    if (text[at] === '{' || text[at] === '[') return entries(pointer, text[at++] === '{' ? '}' : ']');
    if (text[at] === '"') return string();
    while (!',]} \t\r\n'.includes(text[at] ?? ',')) at++;
  };
  const entries = (pointer, end) => {
    blanks();
    for (let index = 0; text[at] !== end; index++) {
      const start = at;
      const key = end === '}' ? string() : index;
      const path = `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
      found.set(path, start);
      if (end === '}') {
        blanks();
        at++;
        blanks();
      }
      value(path);
      blanks();
      if (text[at] === ',') at++;
      blanks();
    }
    at++;
  };
  blanks();
  value('');
  return found;
}
