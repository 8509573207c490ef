import { mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';

export interface RotatingLogOptions {
  path: string;
  /** The file is moved aside before it would grow beyond this. Default: 10 MiB. */
  maxBytes?: number;
  /** Files kept, the present one included: `api.log`, `api.log.1`, … Default: 3. */
  files?: number;
  /** Told once, when the disk refuses. What cannot be written is dropped: a full disk must not stop the writer. */
  onProblem?: (error: Error) => void;
}

/** A log file of bounded size, mode 0600. Chunks are never split between two files. */
export class RotatingLog extends Writable {
  #file: FileHandle | null = null;
  #sizeBytes = 0;
  #hasProblem = false;

  constructor(private readonly options: RotatingLogOptions) {
    super();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#append(chunk).then(
      () => {
        this.#hasProblem = false;
        done();
      },
      (error: Error) => {
        if (!this.#hasProblem) this.options.onProblem?.(error);
        this.#hasProblem = true;
        done();
      },
    );
  }

  override _final(done: () => void): void {
    void this.#close().finally(done);
  }

  async #append(chunk: Buffer): Promise<void> {
    const { maxBytes = 10 * 2 ** 20 } = this.options;
    this.#file ??= await this.#open();
    if (this.#sizeBytes > 0 && this.#sizeBytes + chunk.length > maxBytes) {
      await this.#close();
      await this.#moveAside();
      this.#file = await this.#open();
    }
    await this.#file.appendFile(chunk);
    this.#sizeBytes += chunk.length;
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.options.path), { recursive: true, mode: 0o700 });
    const file = await open(this.options.path, 'a', 0o600);
    this.#sizeBytes = (await file.stat()).size;
    return file;
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  async #moveAside(): Promise<void> {
    const { path, files = 3 } = this.options;
    const nameOf = (age: number) => (age === 0 ? path : `${path}.${age}`);
    for (let age = files - 2; age >= 0; age--) {
      await rename(nameOf(age), nameOf(age + 1)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
  }
}
