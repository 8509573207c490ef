import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, PASSWORD, TestApi } from '../testing/index.js';
import { CliHarness } from './testing/cli-harness.js';
import { TestHost } from './testing/test-host.js';

let api: TestApi;
let cli: CliHarness;
let host: TestHost;

beforeAll(async () => {
  api = await TestApi.start();
  await api.setUp();
  cli = await CliHarness.make({ PILOTHOUSE_URL: api.origin });
  await cli.json(['login', '--email', 'owner@example.test', '--password-stdin'], PASSWORD);
  host = await TestHost.enrol(cli, 'web-1', { url: api.origin, password: PASSWORD });
});

afterAll(async () => {
  await host?.remove();
  await cli?.remove();
  await api.stop();
});

const untilRecorded = (id: string, action: string) =>
  eventually(async () => {
    const entries = (await cli.json(['audit', '--target', id])) as { action: string }[];
    return entries.find((entry) => entry.action === action) ?? null;
  });

it('server rotate-key has the real agent take a new key, and says where that is seen', async () => {
  const { id } = await cli.json(['servers', 'show', 'web-1']);
  const { code, stdout } = await cli.run(['server', 'rotate-key', 'web-1']);
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`pilothouse audit --target ${id}`),
  });
  await untilRecorded(id, 'agent-key-rotated');
  expect((await cli.run(['run', 'web-1', '--deliver-when-back', '--', 'true'])).code).toBe(0);
});

it('server rotate-key says why it cannot', async () => {
  await cli.json(['server', 'revoke', 'web-1', '--yes']);
  const { code, stderr } = await cli.run(['server', 'rotate-key', 'web-1']);
  expect(code).toBe(1);
  expect(stderr).toContain('web-1 has no enrolled agent, or was revoked');
});
