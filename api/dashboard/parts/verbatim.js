// A text as it came, whatever it holds. One too long to be seen at once can be scrolled by keyboard.
import { html, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import { text } from '../format.js';

export function Verbatim({ label, value }) {
  const box = useRef();
  const [long, setLong] = useState(false);
  useEffect(() => setLong(box.current.scrollHeight > box.current.clientHeight), [value]);
  return html`<pre ref=${box} role="group" aria-label=${label} tabindex=${long ? 0 : undefined}>${text(value)}</pre>`;
}
