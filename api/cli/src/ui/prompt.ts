import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { readInput } from '../input/standard-input.js';
import { CliError, EXIT, usageError } from '../kernel/cli-error.js';

/** Shorter ones the control plane refuses; said here before a person types it a second time. */
const MIN_PASSWORD_LENGTH = 12;

/** Asks a person at the terminal. Questions go to stderr, so that stdout holds answers only. */
export class Prompt {
  private passwords: Promise<string[]> | null = null;

  constructor(private readonly options: { passwordStdin: boolean }) {}

  get isInteractive(): boolean {
    return process.stdin.isTTY && process.stderr.isTTY;
  }

  /** @throws CliError where nobody can answer, naming the option that does. */
  async text(question: string, { option }: { option: string }): Promise<string> {
    if (!this.isInteractive)
      throw usageError(`There is no terminal to ask at. Give ${option}: ${uncapitalised(question)}.`);
    return (await readLine(`${question}: `, { echo: true })).trim();
  }

  /**
   * A password without echo; with `--password-stdin` the next line of standard input, the last one again and again.
   * @throws CliError
   */
  async password(question = 'Password'): Promise<string> {
    if (this.options.passwordStdin) {
      this.passwords ??= readPasswords();
      const [next = '', ...later] = await this.passwords;
      if (later.length > 0) this.passwords = Promise.resolve(later);
      return next;
    }
    if (!this.isInteractive) {
      throw new CliError(
        `${question} is needed, and there is no terminal to ask at. Give --password-stdin.`,
        EXIT.usage,
      );
    }
    return readLine(`${question}: `, { echo: false });
  }

  /** A new password, typed twice where a person types it. @throws CliError */
  async newPassword(question = `Password (at least ${MIN_PASSWORD_LENGTH} characters)`): Promise<string> {
    const password = await this.password(question);
    if ([...password].length < MIN_PASSWORD_LENGTH) {
      throw usageError(
        `The password needs at least ${MIN_PASSWORD_LENGTH} characters. A few words in a row are a good one.`,
      );
    }
    if (!this.options.passwordStdin && password !== (await this.password('The same again'))) {
      throw usageError('The two passwords differ. Nothing was changed.');
    }
    return password;
  }

  /** A yes before something that cannot be undone; `--yes` gives it beforehand. @throws CliError */
  async consent(question: string, { yes }: { yes: boolean }): Promise<void> {
    if (yes) return;
    if (!this.isInteractive) throw usageError(`${question} Confirm with --yes.`);
    const answer = await readLine(`${question} [y/N] `, { echo: true });
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError('Nothing was changed.');
  }
}

const MAX_INPUT_BYTES = 4096;

async function readPasswords(): Promise<string[]> {
  const input = await readInput('-', { what: 'Standard input', maxBytes: MAX_INPUT_BYTES });
  const text = input.toString('utf8').replace(/\r?\n$/, '');
  if (text === '') throw usageError('Standard input holds no password.');
  return text.split(/\r?\n/);
}

function readLine(question: string, { echo }: { echo: boolean }): Promise<string> {
  // readline echoes what it is told to write; a stream that swallows it keeps the password off the screen.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: echo ? process.stderr : silent, terminal: true });
  if (!echo) process.stderr.write(question);
  return new Promise((resolve, reject) => {
    lines.once('SIGINT', () => {
      // Before the end of the input, which closing tells, says something else.
      reject(new CliError('Nothing was done.', EXIT.interrupted));
      lines.close();
      process.stderr.write('\n');
    });
    lines.once('close', () => reject(new CliError('The input ended before an answer.', EXIT.usage)));
    lines.question(echo ? question : '', (answer) => {
      resolve(answer);
      lines.close();
      if (!echo) process.stderr.write('\n');
    });
  });
}

function uncapitalised(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
