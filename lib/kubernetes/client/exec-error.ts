/** What is read of a Status object, which says how a request or a command has ended. */
export interface Status {
  /** `Success` or `Failure`. */
  readonly status?: string;
  readonly message: string;
  readonly reason?: string;
  /** Of the HTTP answer; a command that has ended has none. */
  readonly code?: number;
  /** Of the command. */
  readonly exitCode?: number;
}

/** A command that has not been run, or has failed. */
export class ExecError extends Error {
  readonly code = 'ERR_KUBERNETES_EXEC';
  readonly status: Status;
  /** The end of what the command has written there. */
  readonly stderr: string;

  constructor(status: Status, stderr: string) {
    super(stderr.trim() || status.message || `the API server answers ${status.code}`);
    this.status = status;
    this.stderr = stderr;
  }
}

/** A text that is no Status object is a message: proxies, and kubelets before 1.30, answer with words of their own. */
export function statusFrom(text: string): Status {
  const { status, message, reason, details } = parsed(text);
  const cause = details?.causes?.find?.((each) => each?.reason === 'ExitCode');
  const exitCode = Number(cause?.message ?? NaN);
  return {
    ...(typeof status === 'string' && { status }),
    message: typeof message === 'string' ? message : status === undefined ? text.trim() : '',
    ...(typeof reason === 'string' && { reason }),
    ...(Number.isInteger(exitCode) && { exitCode }),
  };
}

interface StatusObject {
  readonly status?: unknown;
  readonly message?: unknown;
  readonly reason?: unknown;
  readonly details?: {
    readonly causes?: readonly { readonly reason?: unknown; readonly message?: unknown }[];
  };
}

function parsed(text: string): StatusObject {
  try {
    return (JSON.parse(text) ?? {}) as StatusObject;
  } catch {
    return {};
  }
}
