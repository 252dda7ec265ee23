import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const NODE = process.execPath;
/** Milliseconds that what is expected may take on a busy machine. */
const PATIENCE = 60_000;

/** A terminal with a shell: a server of tmux of its own, which ends with the test. */
export class Terminal {
  readonly #directory = mkdtempSync(join(tmpdir(), 'nstats-tmux-'));
  readonly #environment: NodeJS.ProcessEnv;
  readonly server: number;
  readonly tty: string;

  constructor(t: TestContext, columns: number, rows: number, environment: NodeJS.ProcessEnv = {}) {
    const { PATH, HOME } = process.env;
    this.#environment = { PATH, HOME, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', ...environment };
    const size = ['-x', `${columns}`, '-y', `${rows}`];
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, 'exec sh');
    this.server = Number(this.#ask('#{pid}'));
    this.tty = this.#ask('#{pane_tty}');
    t.after(() => {
      try {
        process.kill(this.server, 'SIGCONT');
        this.#tmux('kill-server');
      } catch {
        // It has ended.
      }
      rmSync(this.#directory, { recursive: true });
    });
  }

  /** Types a command of the shell. */
  type(command: string): void {
    this.#tmux('send-keys', '-l', `${command}\n`);
  }

  /** Types that a script runs in Node, with what is exported by an earlier command. */
  node(script: string, ...args: readonly string[]): void {
    this.type([NODE, script, ...args].join(' '));
  }

  /** Presses keys by their names in tmux. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  /** What is on the screen, without spaces at the ends of lines; `-e` with what styles it. */
  lines(...options: readonly string[]): string[] {
    return this.#tmux('capture-pane', '-p', ...options)
      .split('\n')
      .slice(0, -1);
  }

  text(...options: readonly string[]): string {
    return this.lines(...options).join('\n');
  }

  /** All that a program could leave behind: the line discipline, the alternate screen, the cursor, the wrapping of lines. */
  state(): string {
    const modes = this.#ask('alternate #{alternate_on}, cursor #{cursor_flag}, wrap #{wrap_flag}');
    return `${execFileSync('stty', ['-a', '-F', this.tty], { encoding: 'utf8' })}${modes}`;
  }

  /** Waits until the screen has something, and returns it. */
  async shows(what: RegExp): Promise<string> {
    return this.until(what.source, () => what.test(this.text()));
  }

  async until(what: string, isSo: () => boolean): Promise<string> {
    const end = performance.now() + PATIENCE;
    while (!isSo()) {
      if (performance.now() > end) throw new Error(`not in time: ${what}\n${this.text()}`);
      await sleep(50);
    }
    return this.text();
  }

  #ask(format: string): string {
    return this.#tmux('display-message', '-p', format).trimEnd();
  }

  #tmux(...args: readonly string[]): string {
    const socket = join(this.#directory, 'socket');
    const options = { encoding: 'utf8', env: this.#environment, timeout: PATIENCE } as const;
    return execFileSync('tmux', ['-S', socket, ...args], options);
  }
}
