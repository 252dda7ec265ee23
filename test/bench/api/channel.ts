/** Questions to another process of the bench, one after the other. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { kill } from '../../lab/shell.ts';

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
  const gone = once(child, 'exit').then(() => {
    throw new Error(`${file} has ended before it answered`);
  });
  gone.catch(() => {});
  return {
    async ask<T>(question: string, argument = '') {
      child.send({ question, argument });
      const [message] = (await Promise.race([once(child, 'message'), gone])) as [Message];
      if (message.error) throw new Error(`${file}: ${message.error}`);
      return message.answer as T;
    },
    end: async () => void (await kill(child, 'SIGKILL')),
  };
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
