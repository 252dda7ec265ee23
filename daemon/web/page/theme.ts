const THEMES = ['system', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

/** The colours: those of the system, unless others are chosen. They are kept for the next time. */
export function themeSwitch(button: HTMLButtonElement): () => void {
  let theme = THEMES.find((known) => known === localStorage.getItem('theme')) ?? 'system';
  const show = (now: Theme) => {
    document.documentElement.dataset['theme'] = now;
    button.textContent = `Colours: ${now}`;
  };
  const next = () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system';
    localStorage.setItem('theme', theme);
    show(theme);
  };
  button.addEventListener('click', next);
  show(theme);
  return next;
}
