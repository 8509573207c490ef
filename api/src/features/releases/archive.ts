import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

const BLOCK = 512;
const MAX_NAME_BYTES = 100;
/** Where the fields of a POSIX.1-1988 (ustar) header begin, and how long they are. */
const NAME = [0, MAX_NAME_BYTES] as const;
const SIZE = [124, 12] as const;
const TYPE = 156;
const CHECKSUM = [148, 8] as const;

const deflate = promisify(gzip);
const inflate = promisify(gunzip);

export interface ArchiveEntry {
  /** A bare file name. */
  name: string;
  mode: 0o644 | 0o755;
  content: Buffer;
}

/** A tar of plain files: the same entries always give the same bytes, with no time or owner of the machine in them. */
export function packTar(entries: readonly ArchiveEntry[]): Buffer {
  const blocks = entries.flatMap(({ content, ...entry }) => [
    header({ ...entry, sizeBytes: content.length }),
    content,
    Buffer.alloc(-content.length & (BLOCK - 1)),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

export function compress(tar: Buffer): Promise<Buffer> {
  return deflate(tar);
}

/** The content of one plain file of a `.tar.gz`. @throws when it is not in there */
export async function readFromArchive(archive: Buffer, name: string): Promise<Buffer> {
  const tar = await inflate(archive);
  for (let at = 0; at + BLOCK <= tar.length;) {
    const head = tar.subarray(at, at + BLOCK);
    const sizeBytes = Number.parseInt(field(head, SIZE) || '0', 8);
    const begin = at + BLOCK;
    if (field(head, NAME) === name && head[TYPE] === '0'.charCodeAt(0)) {
      return tar.subarray(begin, begin + sizeBytes);
    }
    at = begin + Math.ceil(sizeBytes / BLOCK) * BLOCK;
  }
  throw new Error(`The archive has no file ${name}`);
}

function header({ name, mode, sizeBytes }: { name: string; mode: number; sizeBytes: number }): Buffer {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) throw new Error(`${name} is too long a name for an archive`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  block.write(name, NAME[0]);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(sizeBytes, SIZE[1]), SIZE[0]);
  block.write(octal(0, 12), 136);
  block.write(' '.repeat(CHECKSUM[1]), CHECKSUM[0]);
  block.write('0', TYPE);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)} `, CHECKSUM[0]);
  return block;
}

function field(head: Buffer, [begin, length]: readonly [number, number]): string {
  return head.toString('latin1', begin, begin + length).replace(/[\0 ].*$/s, '');
}
