import { readFile } from 'node:fs/promises';
import { TcpProxy } from '@pilothouse/agent/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD, TestApi } from '../testing/index.js';
import { CliHarness } from './testing/cli-harness.js';

let api: TestApi;
let cli: CliHarness;

beforeAll(async () => {
  api = await TestApi.start();
  await api.setUp();
  cli = await CliHarness.make({ PILOTHOUSE_URL: api.origin });
  await cli.json(['login', '--email', 'owner@example.test', '--password-stdin'], PASSWORD);
});

afterAll(async () => {
  await cli?.remove();
  await api?.stop();
});

const confirmed = (args: string[]) => cli.json([...args, '--password-stdin'], PASSWORD);

describe('servers and groups', () => {
  it('are added, found by name, tagged, moved, marked, edited and removed', async () => {
    await cli.json(['groups', 'add', 'europe']);
    await cli.json(['groups', 'add', 'web', '--in', 'europe']);
    const added = await confirmed(['server', 'add', 'web-1', '--profile', 'operator', '--tag', 'web,blue']);
    expect(added).toMatchObject({ server: { name: 'web-1' }, enrolment: { token: expect.stringMatching(/^phe_/) } });
    await cli.json(['server', 'tags', 'web-1', '--add', 'green', '--remove', 'blue']);
    expect((await cli.run(['server', 'tags', 'web-1'])).stdout).toBe('web-1: green web\n');
    await cli.json(['server', 'move', 'web-1', '--to', 'europe']);
    await cli.json(['server', 'move', 'web-1', '--group', 'europe/web']);
    await cli.json(['server', 'maintenance', 'web-1', 'on']);
    await confirmed(['server', 'edit', 'web-1', '--name', 'web-2', '--concurrency', '16', '--protected']);
    const server = await cli.json(['servers', 'show', added.server.id.slice(0, 24)]);
    expect(server).toMatchObject({
      id: added.server.id,
      tags: expect.arrayContaining(['green', 'web']),
      group: { name: 'web' },
      maintenance: true,
      concurrency: 16,
      protected: true,
    });
    expect(await cli.json(['servers', '--tag', 'green', '--group', 'europe'])).toMatchObject([{ name: 'web-2' }]);
    expect(await cli.json(['servers', '--state', 'online'])).toEqual([]);
    expect((await cli.run(['servers'])).stdout).toMatch(
      /^STATE +NAME +GROUP +TAGS.*\n. (pending|maintenance) +web-2 +web/,
    );
    expect(await cli.run(['server', 'remove', 'web-2'])).toMatchObject({ code: 2, stdout: '' });
    expect(await confirmed(['server', 'remove', 'web-2', '--yes'])).toMatchObject({ removed: true });
    expect(await cli.json(['servers'])).toEqual([]);
  });

  it('say what is wrong: a name twice, a full group, an unknown profile, a number out of range', async () => {
    await confirmed(['server', 'add', 'db-1', '--profile', 'read-only', '--group', 'europe']);
    const twice = await cli.run(['server', 'add', 'db-1', '--profile', 'read-only', '--password-stdin'], PASSWORD);
    expect(twice).toMatchObject({ code: 1, stdout: '' });
    const full = await cli.run(['groups', 'remove', 'europe']);
    expect(full).toMatchObject({ code: 1, stdout: '' });
    expect(full.stderr).toContain('--move-to');
    expect(await cli.run(['server', 'add', 'x', '--profile', 'root'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'A profile is one of read-only, operator, full-access, not root.\n',
    });
    expect(await cli.run(['server', 'edit', 'db-1', '--concurrency', '17'])).toEqual({
      code: 2,
      stdout: '',
      stderr: '--concurrency is a whole number from 1 to 16, not 17.\n',
    });
    expect(await cli.run(['server', 'edit', 'db-1'])).toMatchObject({ code: 2 });
    const notEnrolled = await cli.run(['run', 'db-1', '--', 'true']);
    expect(notEnrolled).toMatchObject({ code: 1, stdout: '' });
    expect(notEnrolled.stderr).toContain('pilothouse server reenrol db-1 gives the line that enrols it.');
    expect(await cli.run(['run', 'db-1'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'Say what to run: a program after --, or --script with a file.\n',
    });
    expect(await cli.run(['run', 'db', '--', 'true'])).toEqual({
      code: 5,
      stdout: '',
      stderr: 'There is no server db. Similar: db-1.\n',
    });
  });
});

describe('watching servers', () => {
  it('loses nothing of a cut that came before the first change, says so at once, and repeats no line', async () => {
    const { server } = await confirmed(['server', 'add', 'watched', '--profile', 'read-only']);
    const proxy = await TcpProxy.start(api.origin);
    const token = JSON.parse(await readFile(cli.credentialsFile, 'utf8')).controlPlanes[api.origin].token;
    const before = cli.environment;
    cli.environment = { ...before, PILOTHOUSE_TOKEN: token };
    const watching = cli.start(['servers', 'watch', 'watched', '--url', proxy.url]);
    cli.environment = before;
    try {
      await watching.says('stdout', 'watched');
      proxy.isRefusing = true;
      proxy.cut();
      await watching.says('stderr', 'Connection lost. Reconnecting.');
      await cli.json(['server', 'edit', server.id, '--name', 'renamed']);
      proxy.isRefusing = false;
      await watching.says('stderr', 'Reconnected, nothing lost.');
      await watching.says('stdout', 'renamed');
      await cli.json(['server', 'edit', server.id, '--description', 'shown on no line']);
      await cli.json(['server', 'edit', server.id, '--name', 'again']);
      await watching.says('stdout', 'again');
    } finally {
      watching.child.kill('SIGTERM');
      await watching.ended;
      await proxy.stop();
    }
    const names = watching.text('stdout').match(/watched|renamed|again/g);
    expect(names).toEqual(['watched', 'renamed', 'again']);
  });
});

describe('people', () => {
  it('are invited, join with an account of their own, get another role, and are taken out', async () => {
    const { code } = await confirmed(['members', 'invite', 'grace@example.test', '--role', 'viewer']);
    const hers = await CliHarness.make({ PILOTHOUSE_URL: api.origin });
    try {
      await hers.json(['join', code, '--name', 'Grace', '--password-stdin'], 'another long password');
      expect(await hers.json(['whoami'])).toMatchObject({ role: 'VIEWER', person: { email: 'grace@example.test' } });
      expect(await hers.run(['groups', 'add', 'hers'])).toMatchObject({ code: 4, stdout: '' });
      await confirmed(['members', 'role', 'grace@example.test', 'admin']);
      expect(await cli.json(['members'])).toContainEqual(
        expect.objectContaining({ role: 'ADMIN', person: expect.objectContaining({ email: 'grace@example.test' }) }),
      );
      const last = await cli.run(['members', 'role', 'owner@example.test', 'viewer', '--password-stdin'], PASSWORD);
      expect(last).toMatchObject({ code: 1, stdout: '' });
      await confirmed(['members', 'remove', 'grace@example.test', '--yes']);
      expect((await hers.run(['groups'])).code).not.toBe(0);
    } finally {
      await hers.remove();
    }
  });

  it('make workspaces and choose one', async () => {
    const { id } = await cli.json(['workspaces', 'create', 'Work']);
    await cli.json(['workspaces', 'use', 'Work']);
    expect(await cli.json(['whoami'])).toMatchObject({ workspace: { id, name: 'Work' } });
    expect(await cli.json(['servers'])).toEqual([]);
    await cli.json(['workspaces', 'use', 'Home']);
  });
});

describe('the audit', () => {
  it('is listed and verified, and a changed entry ends with 1', async () => {
    const [entry] = await cli.json(['audit', '--limit', '1']);
    const actorPerson = { email: 'owner@example.test' };
    expect(entry).toMatchObject({ actorKind: 'USER', actorPerson, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect((await cli.run(['audit', '--limit', '1'])).stdout).toContain(' owner@example.test ');
    const aboutServer = await cli.run(['audit', '--target', 'db-1', '--actor', 'owner@example.test']);
    expect(aboutServer.stdout).toMatch(
      / server-created +owner@example\.test +server db-1 +(?!.*\{).*profile read-only/,
    );
    expect(await cli.run(['audit', 'verify'])).toMatchObject({ code: 0, stdout: expect.stringContaining('● intact') });
    await api.sql(`update audit_entries set detail = '{"changed":true}' where sequence = 1`);
    const broken = await cli.run(['audit', 'verify']);
    expect(broken).toMatchObject({ code: 1, stdout: expect.stringContaining('entry 1:') });
  });
});

describe('metrics', () => {
  it('say so where nothing was measured, and refuse a range that ends before it begins', async () => {
    expect(await cli.run(['metrics', 'db-1'])).toMatchObject({
      code: 0,
      stdout: 'Nothing was measured on db-1 in this time.\n',
    });
    expect(await cli.run(['metrics', 'db-1', '--from', '1h', '--to', '2h'])).toMatchObject({ code: 2 });
    const csv = await cli.run([
      'metrics',
      'db-1',
      '--csv',
      '--figures',
      'cpu-pct,load1',
      '--from',
      '2m',
      '--points',
      '2',
    ]);
    expect(csv.stdout).toMatch(/^time,cpu-pct,cpu-pct-max,load1,load1-max\r\n(\d{4}-[^,]+,,,,\r\n)+$/);
    expect(await cli.json(['metrics', 'top'])).toEqual([]);
  });
});
