import { errorOf } from '../../lib/error-of.ts';
import { UNPRINTABLE } from '../../lib/unprintable.ts';
import { ExecError } from '../../lib/kubernetes/client/exec-error.ts';

/** Characters of a reason: it has one line of a screen. */
const MOST = 300;

/** Why an agent cannot be asked, in one line. */
export function reasonOf(error: unknown, namespace: string): string {
  const { code, message } = errorOf(error) as NodeJS.ErrnoException;
  const isNonsense = code?.startsWith('Z_');
  const said = isNonsense ? `what it sends is not gzip: ${message}` : message;
  const reason = error instanceof ExecError ? explain(error, namespace) : said;
  return reason.replaceAll(UNPRINTABLE, ' ').replaceAll(/ +/g, ' ').trim().slice(0, MOST);
}

function explain({ status, stderr, message }: ExecError, namespace: string): string {
  const { code } = status;
  if (code === 401) return 'the API server does not know you any more: log in again';
  if (code === 403 && message.includes('pods/exec'))
    return `you may not exec in pods of namespace ${namespace}: that takes the rights get and create on pods/exec`;
  if (code === 404) return 'its pod has gone';
  if (/container not found/.test(message)) return 'its container does not run';
  if (/executable file not found/.test(message)) return 'there is no node in its container';
  if (/Cannot find module/.test(stderr)) return 'there is no nstats in its container';
  // What versions without the live view say.
  if (/Unknown option '--raw'|there is no top/.test(stderr))
    return 'its nstats is older than kubectl nstats, and cannot be asked';
  const [, said = message] = /^nstats: (.*)/m.exec(stderr) ?? [];
  return status.exitCode === undefined ? said : `it has ended with ${status.exitCode}: ${said}`;
}
