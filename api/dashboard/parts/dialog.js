// A dialog over the page: it keeps the focus inside, and Escape closes it.
import { html, useEffect, useRef } from '../vendor/htm-preact.js';

let dialogs = 0;

export function Dialog({ title, onClose, children }) {
  const dialog = useRef();
  const id = useRef(`dialog-${++dialogs}`);
  useEffect(() => {
    const shown = dialog.current;
    shown.showModal();
    // Closing gives the focus back to where it was.
    return () => shown.close();
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  return html`
    <dialog ref=${dialog} aria-labelledby=${id.current} onCancel=${cancel}>
      <h2 id=${id.current}>${title}</h2>
      ${children}
    </dialog>
  `;
}
