import { fstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { CliError, EXIT } from '../kernel/cli-error.js';

/** Whether something is piped or redirected into this program; a terminal and /dev/null are not. */
export function isPiped(): boolean {
  try {
    const kind = fstatSync(0);
    return kind.isFIFO() || kind.isFile() || kind.isSocket();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBADF') return false;
    throw error;
  }
}

/** All of a file, `-` for standard input, up to a limit. @throws CliError */
export async function readInput(path: string, { what, maxBytes }: { what: string; maxBytes: number }): Promise<Buffer> {
  return path === '-' ? collect(process.stdin, { what, maxBytes }) : readFileUpTo(path, { what, maxBytes });
}

async function readFileUpTo(path: string, limit: { what: string; maxBytes: number }): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    return await collect(file.createReadStream(), limit);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${path} cannot be read: ${reasonOf(error)}.`, EXIT.usage);
  }
}

async function collect(
  stream: AsyncIterable<Buffer | string>,
  { what, maxBytes }: { what: string; maxBytes: number },
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > maxBytes) throw new CliError(`${what} may have at most ${maxBytes / 1024} KiB.`, EXIT.usage);
    chunks.push(buffer);
  }
  return Buffer.concat(chunks);
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read it',
  EISDIR: 'it is a directory',
};

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? message;
}
