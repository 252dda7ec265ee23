export interface KeyOptions {
  readonly filter: HTMLInputElement;
  readonly help: HTMLDialogElement;
  readonly keys: Readonly<{ [key: string]: () => void }>;
  readonly onEscape: () => void;
}

/** Keys that work wherever the focus is, except that letters go into the filter while that has it. */
export function listen({ filter, help, keys, onEscape }: KeyOptions): void {
  const open = () => help.showModal();
  document.querySelector('#help')?.addEventListener('click', open);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    const isTyping = event.target === filter;
    if (event.key === 'Escape') {
      onEscape();
      filter.blur();
      return;
    }
    if (isTyping) return;
    const action = { ...keys, '/': () => filter.focus(), '?': open }[event.key];
    if (!action) return;
    action();
    event.preventDefault();
  });
}
