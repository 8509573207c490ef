const KEPT_CHARACTERS = 2_000;
const SHOWN_LINES = 5;

/** The end of what a program wrote, to be shown when it ends without being asked to. */
export class LastWords {
  #text = '';

  add(chunk: Buffer): void {
    this.#text = (this.#text + chunk.toString('utf8')).slice(-KEPT_CHARACTERS);
  }

  /** Harmless to a terminal: control characters are gone. */
  lines(): string[] {
    return this.#text
      .split('\n')
      .map((line) => line.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ').trimEnd())
      .filter((line) => line !== '')
      .slice(-SHOWN_LINES);
  }
}
