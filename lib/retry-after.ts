/** Longer than this no server is left alone, in milliseconds: timers have a limit, too. */
const MOST = 300_000;

/** Milliseconds that a server asks for with the header Retry-After, which is seconds or a date; undefined without one. */
export function retryAfter(header: string | readonly string[] | undefined): number | undefined {
  const text = String(header ?? '');
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.min(MOST, Math.max(0, wait));
}
