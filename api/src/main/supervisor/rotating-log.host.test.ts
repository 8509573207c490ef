import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RotatingLog, type RotatingLogOptions } from './rotating-log.js';

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'pilothouse-log-'))));
afterEach(() => rm(directory, { recursive: true }));

async function write(chunks: string[], options: Partial<RotatingLogOptions> = {}): Promise<void> {
  const log = new RotatingLog({ path: join(directory, 'logs/api.log'), maxBytes: 10, ...options });
  for (const chunk of chunks) log.write(chunk);
  await finished(log.end());
}

const content = (name: string) => readFile(join(directory, 'logs', name), 'utf8');

test('fills a file to its limit exactly, and begins another beyond it', async () => {
  await write(['12345', '67890']);
  expect(await readdir(join(directory, 'logs'))).toEqual(['api.log']);
  await write(['1']);
  expect([await content('api.log'), await content('api.log.1')]).toEqual(['1', '1234567890']);
});

test('keeps three files and drops the oldest', async () => {
  await write(['aaaaaaaa', 'bbbbbbbb', 'cccccccc', 'dddddddd']);
  expect((await readdir(join(directory, 'logs'))).sort()).toEqual(['api.log', 'api.log.1', 'api.log.2']);
  expect([await content('api.log'), await content('api.log.1'), await content('api.log.2')]).toEqual([
    'dddddddd',
    'cccccccc',
    'bbbbbbbb',
  ]);
});

test('writes a chunk that is larger than a file whole', async () => {
  await write(['1234567890123', '4']);
  expect(await content('api.log.1')).toBe('1234567890123');
});

test('goes on in the file of an earlier start', async () => {
  await write(['123']);
  await write(['456']);
  expect(await content('api.log')).toBe('123456');
});

test('closes its files to others', async () => {
  await write(['1']);
  expect((await stat(join(directory, 'logs/api.log'))).mode & 0o777).toBe(0o600);
  expect((await stat(join(directory, 'logs'))).mode & 0o777).toBe(0o700);
});

test('drops what cannot be written, says so once, and does not stop the writer', async () => {
  await mkdir(join(directory, 'logs/api.log'), { recursive: true });
  const problems: Error[] = [];
  await write(['1', '2'], { onProblem: (error) => problems.push(error) });
  expect(problems).toEqual([expect.objectContaining({ code: 'EISDIR' })]);
});
