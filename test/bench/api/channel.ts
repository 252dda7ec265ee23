/** Questions to another process of the bench, one after the other. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

type Answers = Readonly<Record<string, (argument: string) => unknown>>;

export interface Asked {
  /** @throws Error with what the other process has to say, or that it has ended */
  ask<T>(question: string, argument?: string): Promise<T>;
  end(): Promise<void>;
}

interface Message {
  readonly answer?: unknown;
  readonly error?: string;
}

/** Starts a process of the bench, a file in this folder, with the arguments of this one. */
export function start(file: string, ...flags: string[]): Asked {
  const path = new URL(file, import.meta.url);
  const child = fork(path, process.argv.slice(2), {
    execArgv: ['--expose-gc', ...flags],
    serialization: 'advanced',
  });
  return {
    async ask<T>(question: string, argument = '') {
      const ended = new AbortController();
      const gone = once(child, 'exit', { signal: ended.signal }).then(() => {
        throw new Error(`${file} has ended before it answered ${question}`);
      });
      const answered = once(child, 'message', { signal: ended.signal });
      child.send({ question, argument });
      try {
        const [message] = (await Promise.race([answered, gone])) as [Message];
        if (message.error) throw new Error(`${file}: ${message.error}`);
        return message.answer as T;
      } finally {
        gone.catch(() => {});
        answered.catch(() => {});
        ended.abort();
      }
    },
    end: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** The other side: answers each question by its function, for as long as there is somebody to ask. */
export function answer(answers: Answers): void {
  process.once('disconnect', () => process.exit());
  process.on('message', (message: { question: string; argument: string }) => {
    void Promise.resolve()
      .then(() => answers[message.question]?.(message.argument))
      .then((answer) => process.send?.({ answer }))
      .catch((error) => process.send?.({ error: String(error) }));
  });
}
