import type { Writable } from 'node:stream';

/** Writes and waits until the stream has taken it, so that a slow reader slows the writer down. */
export function writeAll(stream: Writable, chunk: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
