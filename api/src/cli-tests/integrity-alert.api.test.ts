import { expect, it } from 'vitest';
import { eventually } from '../testing/index.js';
import { useCliScene } from './testing/cli.scene.js';

const scene = useCliScene();

/** Asks until the control plane says so. */
const untilAlerted = () =>
  eventually(async (): Promise<{ commandId: string; count: number } | null> => {
    const { integrityAlert } = await scene.cli.json(['servers', 'show', 'web-1']);
    return integrityAlert;
  });

it('a command that was changed in the database is refused by the real agent, and people are warned until one acknowledges it', async () => {
  await scene.host.stopAgent();
  const queued = await scene.cli.run(['run', 'web-1', '--detach', '--deliver-when-back', '--', 'true']);
  const commandId = queued.stdout.trim();
  expect((await scene.cli.run(['servers'])).stdout).not.toContain('▲ web-1');
  await scene.api.sql(
    `update commands set envelope = convert_to(replace(convert_from(envelope, 'UTF8'), '"true"', '"evil"'), 'UTF8')`,
  );
  await scene.host.startAgent();
  expect(await untilAlerted()).toMatchObject({ commandId, count: 1 });
  expect(await scene.cli.json(['commands', 'show', commandId])).toMatchObject({ state: 'VETOED' });

  const warning = /^▲ web-1: its agent has refused 1 instruction as not genuine .* Its signature is wrong/m;
  expect((await scene.cli.run(['servers'])).stdout).toMatch(warning);
  const { stdout } = await scene.cli.run(['servers', 'show', 'web-1']);
  expect(stdout).toMatch(warning);
  expect(stdout).toContain(`\n  pilothouse audit --target ${commandId}\n`);
  expect(stdout).toContain('\n  pilothouse servers acknowledge web-1\n');
  expect(await scene.cli.json(['audit', '--target', commandId])).toContainEqual(
    expect.objectContaining({ action: 'instruction-refused', actorKind: 'AGENT' }),
  );
  expect(scene.api.logged.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ level: 50, commandId, problem: 'BAD_SIGNATURE' }),
  );

  expect(await scene.cli.run(['servers', 'acknowledge', 'web-1'])).toEqual({
    code: 0,
    stdout: 'Acknowledged the integrity alert of web-1.\n',
    stderr: '',
  });
  expect((await scene.cli.run(['servers'])).stdout).not.toContain('▲ web-1');
  expect(await scene.cli.run(['servers', 'acknowledge', 'web-1'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('web-1 has no integrity alert'),
  });
});
