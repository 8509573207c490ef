import { expect, it } from 'vitest';
import { eventually } from '../testing/index.js';
import { useCliScene } from './testing/cli.scene.js';

const scene = useCliScene();

const untilRecorded = (id: string, action: string) =>
  eventually(async () => {
    const entries = (await scene.cli.json(['audit', '--target', id])) as { action: string }[];
    return entries.find((entry) => entry.action === action) ?? null;
  });

it('server rotate-key has the real agent take a new key, and says where that is seen', async () => {
  const { id } = await scene.cli.json(['servers', 'show', 'web-1']);
  const { code, stdout } = await scene.cli.run(['server', 'rotate-key', 'web-1']);
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`pilothouse audit --target ${id}`),
  });
  await untilRecorded(id, 'agent-key-rotated');
  expect((await scene.cli.run(['run', 'web-1', '--deliver-when-back', '--', 'true'])).code).toBe(0);
});

it('server rotate-key says why it cannot', async () => {
  await scene.cli.json(['server', 'revoke', 'web-1', '--yes']);
  const { code, stderr } = await scene.cli.run(['server', 'rotate-key', 'web-1']);
  expect(code).toBe(1);
  expect(stderr).toContain('web-1 has no enrolled agent, or was revoked');
});
