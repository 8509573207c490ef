import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PASSWORD } from '../api/src/testing/api-client.js';
import { StartedPilothouse } from '../api/src/testing/started-pilothouse.js';
import { root } from './lib/root.mjs';

/** The blocks that the README marks as its tour, in order. */
const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```sh tour\n([\s\S]*?)^```$/gm)].map(
  ([, block = '']) => block,
);

let pilothouse: StartedPilothouse;
let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'pilothouse-tour-'));
  pilothouse = await StartedPilothouse.start({ program: ['scripts/start.mjs'] });
});
afterAll(async () => {
  await pilothouse?.remove();
  await rm(home, { recursive: true, force: true });
});

/** What a person types at the prompts comes as options here, and the password on standard input. */
async function answered(block: string): Promise<string> {
  const [, code = ''] = await pilothouse.says(/^Set-up code: (\S+)$/m);
  const answers = `--code ${code} --name Ada --email ada@example.test --workspace-name Home --password-stdin`;
  return block
    .replace(/^npx pilothouse setup$/m, `$& ${answers}`)
    .replace(/^npx pilothouse server add .*$/m, '$& --password-stdin');
}

/** Runs a block as a person's shell would, in the clone; the first command that fails ends it. */
async function run(block: string): Promise<string> {
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', block], {
    cwd: root,
    env: { ...process.env, PILOTHOUSE_URL: pilothouse.origin, XDG_CONFIG_HOME: home, NO_COLOR: '1' },
  });
  let output = '';
  let problems = '';
  shell.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  shell.stderr.on('data', (chunk: Buffer) => (problems += chunk.toString()));
  shell.stdin.end(`${PASSWORD}\n`);
  const [exitCode] = await once(shell, 'close');
  if (exitCode !== 0) throw new Error(`Exit code ${exitCode}:\n${block}\n${output}${problems}`);
  return output;
}

it('has a tour of five blocks', () => {
  expect(blocks).toHaveLength(5);
});

it('takes every step of the tour as the README shows it', { timeout: 120_000 }, async () => {
  const [setUp = '', runOne = '', runMany = '', lookBack = '', addServer = ''] = await Promise.all(
    blocks.map(answered),
  );
  const begun = await run(setUp);
  expect(begun).toContain(
    `${hostname()}, the machine that Pilothouse runs on, is online.\nNext: npx pilothouse servers\n`,
  );
  expect(begun).toMatch(new RegExp(`● online +${hostname()}`));
  expect(await run(runOne)).toMatch(/Linux[\s\S]*line 1\nline 2\nline 3\n/);
  expect(await run(runMany)).toContain(hostname());
  expect(await run(lookBack)).toMatch(/uname[\s\S]*intact/i);
  expect(await run(addServer)).toMatch(/install.sh[\s\S]*pilothouse-agent enrol[\s\S]*phe_\S+/);
});
