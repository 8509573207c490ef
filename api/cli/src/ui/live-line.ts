/** One line on stderr that is written over as things change. Nothing at all where stderr is no terminal. */
export class LiveLine {
  private shown = '';

  show(text: string): void {
    if (!process.stderr.isTTY || text === this.shown) return;
    process.stderr.write(`\r\u001b[2K${text.slice(0, process.stderr.columns - 1)}`);
    this.shown = text;
  }

  clear(): void {
    if (this.shown !== '') process.stderr.write('\r\u001b[2K');
    this.shown = '';
  }
}
