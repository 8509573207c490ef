import { createInterface } from 'node:readline';
import { Writable, type Readable } from 'node:stream';
import { SESSION_LIMITS } from '@pilothouse/protocol';

export type PasswordInput = Readable & { isTTY?: boolean };
export type PasswordOutput = Pick<NodeJS.WritableStream, 'write'>;

export interface NewPasswordOptions {
  /** Read from the input to its end instead of asking. */
  fromInput: boolean;
  input: PasswordInput;
  /** For the questions. */
  output: PasswordOutput;
}

/** A new password: asked for twice at a terminal, without echo, or all of the input. @throws a sentence */
export async function readNewPassword({ fromInput, input, output }: NewPasswordOptions): Promise<string> {
  if (fromInput) return readAll(input);
  if (!input.isTTY) throw new Error('There is no terminal to ask for the password at. Give --password-stdin.');
  const password = await ask({ question: 'New password: ', input, output });
  if (password !== (await ask({ question: 'The same again: ', input, output }))) {
    throw new Error('The two passwords differ. Nothing was changed.');
  }
  return password;
}

/** One line that is a secret: asked for at a terminal, without echo, or all of the input. @throws a sentence */
export async function readSecret(question: string, { fromInput, input, output }: NewPasswordOptions): Promise<string> {
  if (fromInput) return readAll(input);
  if (!input.isTTY) throw new Error('There is no terminal to ask at. Give it on standard input.');
  return (await ask({ question, input, output })).trim();
}

async function readAll(input: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const buffer = Buffer.from(chunk as Uint8Array);
    bytes += buffer.length;
    if (bytes > SESSION_LIMITS.maxPasswordBytes + 2) {
      throw new Error(`A password may have at most ${SESSION_LIMITS.maxPasswordBytes} bytes.`);
    }
    chunks.push(buffer);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function ask({ question, input, output }: Omit<NewPasswordOptions, 'fromInput'> & { question: string }) {
  // readline puts the terminal in raw mode and echoes by itself; the echo goes nowhere.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: true });
  output.write(question);
  return new Promise<string>((resolve, reject) => {
    lines.once('close', () => {
      output.write('\n');
      reject(new Error('The input ended before an answer. Nothing was changed.'));
    });
    lines.question('', (answer) => {
      resolve(answer);
      lines.close();
    });
  });
}
