/** All mistakes of the configuration, a line for each variable. */
export class ConfigError extends Error {
  readonly code = 'ERR_CONFIG';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(`the configuration has ${mistakes.length} mistake(s):\n  ${mistakes.join('\n  ')}`);
    this.mistakes = mistakes;
  }
}
