const CSI = '\u{1B}[';

/** Writes only the lines that have changed, for terminals at the end of a slow connection. */
export class Painter {
  #painted: readonly string[] = [];

  /** What makes of the screen these lines. A line is emptied first, whatever width the terminal takes a character for. */
  changes(lines: readonly string[]): string {
    const changed = lines.map((line, index) =>
      line === this.#painted[index] ? '' : `${CSI}${index + 1};1H${CSI}0m${CSI}K${line}`,
    );
    this.#painted = lines;
    return changed.join('');
  }

  /** Whatever is on the screen, all lines are written next. */
  forget(): void {
    this.#painted = [];
  }
}
