import { badRequest, Refused } from './status.ts';

/** Where a chunked list goes on: its version (-1 for whatever is now) and its next key. */
export interface Continue {
  readonly rv: number;
  readonly start: string;
}

export function formatContinue({ rv, start }: Continue): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv, start })).toString('base64url');
}

export function parseContinue(token: string): Continue {
  try {
    const { rv, start }: Continue = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (Number.isInteger(rv) && typeof start === 'string') return { rv, start };
  } catch {
    // Not a token at all: the same answer as for a wrong one.
  }
  throw new Refused(badRequest('continue key is not valid'));
}
