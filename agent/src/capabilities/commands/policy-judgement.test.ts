import { describe, expect, it } from 'vitest';
import type { CommandIntent } from '@pilothouse/protocol';
import { OPEN_HOST_POLICY, type HostPolicy } from '../../kernel/host-policy.js';
import { judgeByPolicy } from './policy-judgement.js';
import { argv, sh } from './testing/envelopes.js';

const root = { name: 'root', isRoot: true };

function judge(
  wish: { program?: CommandIntent['arguments']['program']; user?: string; timeoutMs?: number },
  policy: Partial<HostPolicy> = {},
  agent = root,
): string | null {
  const { program = argv('true'), user = null, timeoutMs = 60_000 } = wish;
  const intent = { arguments: { program, user }, limits: { timeoutMs } } as CommandIntent;
  return judgeByPolicy(intent, { ok: true, policy: { ...OPEN_HOST_POLICY, ...policy } }, agent);
}

describe('the judgement of a command by the host policy', () => {
  it('lets everything through where nothing is narrowed', () => {
    expect(judge({ program: sh('true'), user: 'deploy', timeoutMs: 86_400_000 })).toBeNull();
  });

  it('tells programs from scripts', () => {
    expect(judge({ program: argv('ls') }, { exec: false })).toContain('no programs');
    expect(judge({ program: sh('ls') }, { exec: false })).toBeNull();
    expect(judge({ program: sh('ls') }, { shell: false })).toContain('no shell scripts');
    expect(judge({ program: argv('ls') }, { shell: false })).toBeNull();
  });

  it('allows the longest time-out and nothing longer', () => {
    expect(judge({ timeoutMs: 10_000 }, { maxTimeoutMs: 10_000 })).toBeNull();
    expect(judge({ timeoutMs: 10_001 }, { maxTimeoutMs: 10_000 })).toContain('10 s at most');
  });

  it.each([
    ['rm', 'rm', true],
    ['rm', '/bin/rm', true],
    ['/usr/bin/rm', 'rm', true],
    ['/usr/bin/rm', '/usr/bin/../bin/rm', true],
    ['/usr/bin/rm', '/opt/rm', false],
    ['rm', 'rmdir', false],
  ])('with %s blocked, %s is blocked: %s', (entry, program, blocked) => {
    expect(judge({ program: argv(program) }, { blockedPrograms: [entry] }) !== null).toBe(blocked);
  });

  it('narrows the users, never the agent’s own', () => {
    expect(judge({ user: 'deploy' }, { runAs: ['deploy'] })).toBeNull();
    expect(judge({ user: 'www-data' }, { runAs: ['deploy'] })).toContain('as www-data');
    expect(judge({ user: 'deploy' }, { runAs: [] })).toContain('as deploy');
    expect(judge({ user: 'root' }, { runAs: [] })).toBeNull();
    expect(judge({ user: 'deploy' }, {}, { name: 'ops', isRoot: false })).toContain('not as root');
    expect(judge({ user: 'ops' }, {}, { name: 'ops', isRoot: false })).toBeNull();
  });

  it('refuses everything with the problem of a policy that cannot be read', () => {
    expect(judgeByPolicy({ arguments: {}, limits: {} } as CommandIntent, { ok: false, problem: 'P' }, root)).toBe('P');
  });
});
