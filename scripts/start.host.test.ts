import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { root } from './lib/root.mjs';

/** A small clone: the real scripts and bundler, and a compiler and a Next that only leave their outputs. */
const files = {
  'package-lock.json': '{ "packages": { "": {} } }',
  'node_modules/.package-lock.json': '{ "packages": {} }',
  'node_modules/.bin/tsc': leaves('api/dist/.tsbuildinfo'),
  'node_modules/.bin/next': leaves('.next/BUILD_ID', '.next/static/page.js'),
  'tsconfig.build.json': '{ "references": [{ "path": "api/tsconfig.build.json" }] }',
  'api/src/a.ts': 'export {};',
  'agent/src/main/agent.ts': 'export {};',
  'agent/src/main/runner.ts': 'export {};',
  'dashboard/page.tsx': '',
  'api/dist/main/start.js': `
    process.on('SIGINT', () => console.log('SIGINT'));
    process.on('SIGTERM', () => console.log('SIGTERM') ?? process.exit(7));
    setInterval(() => {}, 1_000);
    console.log('ready', process.argv.slice(2).join(' '), process.execArgv.join(' '));`,
};

let clone: string;
let running: ChildProcessByStdio<null, Readable, Readable> | undefined;

beforeEach(() => {
  clone = join(mkdtempSync(join(tmpdir(), 'pilothouse-start-')), 'a clone with spaces');
  for (const [path, content] of Object.entries(files)) write(path, content);
  cpSync(join(root, 'scripts'), join(clone, 'scripts'), { recursive: true });
  symlinkSync(join(root, 'node_modules/esbuild'), join(clone, 'node_modules/esbuild'));
});

afterEach(async () => {
  if (running?.exitCode === null) {
    running.kill('SIGTERM');
    await once(running, 'close');
  }
  rmSync(dirname(clone), { recursive: true });
});

function leaves(...paths: string[]): string {
  const script = paths.map(
    (path) => `fs.mkdirSync('${dirname(path)}', { recursive: true }); fs.writeFileSync('${path}', '');`,
  );
  return `#!/usr/bin/env node\nconst fs = require('node:fs');\n${script.join('\n')}\n`;
}

function write(path: string, content: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true });
  writeFileSync(join(clone, path), content);
  if (path.includes('/.bin/')) chmodSync(join(clone, path), 0o755);
}

/** Starts and waits for the control plane's first line. */
const start = (...args: string[]) => launch(process.execPath, 'scripts/start.mjs', ...args);

async function launch(program: string, ...args: string[]) {
  const child = spawn(program, args, { cwd: clone, stdio: ['ignore', 'pipe', 'pipe'] });
  running = child;
  let output = '';
  const closed = once(child, 'close');
  const saw = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => output.includes(text) && resolve();
      child.stdout.on('data', look);
      closed.then(() => reject(new Error(`ended without "${text}":\n${output}`)), reject);
      look();
    });
  const collect = (chunk: Buffer) => (output += chunk.toString());
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);

  await saw('ready');
  const stop = async () => {
    child.kill('SIGTERM');
    const [code] = await closed;
    return { code, output };
  };
  return { child, output, saw, stop };
}

/** What a start says it built. */
async function builtBy(): Promise<string[]> {
  const { stop } = await start();
  const { output } = await stop();
  return [...output.matchAll(/^Building (.+) …$/gm)].map(([, name]) => name ?? '');
}

describe('npm start', () => {
  test('builds once, and again only what changed or is gone', async () => {
    expect(await builtBy()).toEqual(['control plane and agent', 'dashboard']);
    expect(await builtBy()).toEqual([]);

    write('api/src/a.ts', 'export const a = 1;');
    expect(await builtBy()).toEqual(['control plane and agent']);

    write('dashboard/page.tsx', 'export {};');
    expect(await builtBy()).toEqual(['dashboard']);

    rmSync(join(clone, 'agent/dist/bundle/runner.cjs'));
    expect(await builtBy()).toEqual(['control plane and agent']);
  });

  test('hands its arguments on and runs without __proto__', async () => {
    const { output, stop } = await start('--one', 'two words');
    await stop();
    expect(output).toContain('ready --one two words --disable-proto=delete');
  });

  test('passes one Ctrl-C on once, although the terminal and npm both send it, and ends with the same code', async () => {
    const { child, saw, stop } = await start();
    child.kill('SIGINT');
    await saw('SIGINT');
    child.kill('SIGINT');
    const { code, output } = await stop();
    expect(output.match(/SIGINT/g)).toHaveLength(1);
    expect(code).toBe(7);
  });

  test('ends when npm is told to end', async () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { start: string } };
    write('package.json', JSON.stringify({ name: 'clone', version: '1.0.0', scripts: { start: scripts.start } }));
    const { stop } = await launch('npm', 'start');
    // Whatever goes on holds the output open.
    const { output } = await stop();
    expect(output).toContain('SIGTERM');
  });

  test('does not start what could not be built', async () => {
    write('agent/src/main/runner.ts', 'import "./missing.js";');
    await expect(start()).rejects.toThrow(
      /Could not resolve "\.\/missing\.js"[^]*Start failed: esbuild found 1 errors/,
    );
  });

  test('refuses an agent that would look for files beside its bundle', async () => {
    write('agent/src/main/runner.ts', 'console.log(import.meta.url);');
    await expect(start()).rejects.toThrow('"import.meta" is not available');
    write('agent/src/main/runner.ts', 'declare const __dirname: string; console.log(__dirname);');
    await expect(start()).rejects.toThrow('asks for its own directory');
  });
});
