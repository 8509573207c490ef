import { chmodSync, chownSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { HostPolicyFile, OPEN_HOST_POLICY } from './host-policy.js';

let path: string;
let file: HostPolicyFile;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'ph-policy-')), 'host-policy.yaml');
  file = new HostPolicyFile(path);
});

function write(text: string, mode = 0o644): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

function problem(): string {
  const reading = file.read();
  return reading.ok ? '' : reading.problem;
}

describe('the host policy', () => {
  it('narrows nothing without a file, or with an empty one', () => {
    expect(file.read()).toEqual({ ok: true, policy: OPEN_HOST_POLICY });
    write('# nothing here\n');
    expect(file.read()).toEqual({ ok: true, policy: OPEN_HOST_POLICY });
  });

  it('says what is allowed', () => {
    write(
      'exec: true\nshell: false\nmetrics: true\nrunAs: [deploy]\nmaxTimeout: 10m\nblockedPrograms: [rm, /sbin/reboot]\n',
    );
    expect(file.read()).toEqual({
      ok: true,
      policy: {
        exec: true,
        shell: false,
        metrics: true,
        runAs: ['deploy'],
        maxTimeoutMs: 600_000,
        blockedPrograms: ['rm', '/sbin/reboot'],
      },
    });
    write('runAs: false\n');
    expect(file.read()).toMatchObject({ policy: { runAs: [] } });
  });

  it('is read again when it changes, is replaced, or goes', () => {
    write('shell: false\n');
    expect(file.read()).toMatchObject({ policy: { shell: false } });
    writeFileSync(`${path}.new`, 'shell: true\n');
    renameSync(`${path}.new`, path);
    expect(file.read()).toHaveProperty('policy.shell', true);
    unlinkSync(path);
    expect(file.read()).toEqual({ ok: true, policy: OPEN_HOST_POLICY });
  });

  it('allows nothing while it has a mistake, and says which', () => {
    write('shel: false\n');
    expect(problem()).toContain('shel');
    write('maxTimeout: soon\n');
    expect(problem()).toContain('maxTimeout: not a duration');
    write('shell: [\n');
    expect(problem()).toContain('is not readable YAML');
    write('shell: "no"\n');
    expect(problem()).toContain('shell');
  });

  it('allows nothing while others than its owner may write it', () => {
    for (const mode of [0o664, 0o646, 0o666]) {
      write('shell: true\n', mode);
      expect(problem()).toContain('may be written by others than its owner');
    }
    write('shell: true\n', 0o644);
    expect(problem()).toBe('');
  });

  it.runIf(process.getuid?.() === 0)('allows nothing while it belongs to somebody else (needs root)', () => {
    write('shell: true\n');
    chownSync(path, 65534, 65534);
    expect(problem()).toContain('belongs to user 65534, not to root');
  });
});
