import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EnrolledAgent, eventually, Operator } from '../../testing/index.js';
import { canComposeHere, ComposedPilothouse } from './testing/composed/composed-pilothouse.js';

const CONTAINERS = ['api-1', 'api-2', 'jobs-1', 'signer-1', 'database-1', 'redis-1', 'dashboard-1', 'proxy-1'];
const SECRETS = ['database-password', 'database-url', 'metrics-token', 'redis-url'];
/** Of everything at rest, with TimescaleDB's own share left aside: the stand-in has none. */
const MAX_TOTAL_MIB = 700;

const named = (container: string) => `pilothouse-${container}`;

/** A step asks Docker several times, on a machine that may be busy. */
vi.setConfig({ testTimeout: 60_000 });

describe.runIf(canComposeHere())('docker-compose.yml [needs docker]', () => {
  let composed: ComposedPilothouse;
  let operator: Operator;
  let agent: EnrolledAgent;
  let passphrase: string;

  beforeAll(async () => {
    console.info(
      'Stand-ins for images of a registry: PostgreSQL without TimescaleDB; Node, Caddy and Redis of Debian.',
    );
    composed = await ComposedPilothouse.build();
  }, 1_200_000);
  afterAll(async () => {
    await agent?.remove();
    await composed?.remove();
  }, 120_000);

  const echo = (text: string) => operator.run(agent.serverId, { argv: ['echo', text] }, { whenOffline: 'DELIVER' });
  const succeeded = async (id: string) => (await operator.finished(id)).state;

  it('starts nothing before its secrets are made', async () => {
    await expect(composed.compose('config', '--quiet')).rejects.toThrow('Run node scripts/compose-init.mjs first');
    await composed.init();
    expect(await composed.compose('config', '--quiet')).toBe('');
  });

  it('starts nothing that serves before it is installed', async () => {
    await expect(composed.compose('up', '--detach')).rejects.toThrow(/migrate/);
    expect(await composed.compose('logs', 'migrate')).toContain('Nothing is installed here yet');
  }, 120_000);

  it('is installed once, and says the passphrase of its root key into no log', async () => {
    const install = () => composed.compose('run', '--rm', '-T', 'install');
    passphrase = /Passphrase of the root key: (\S+)/.exec(await install())?.[1] ?? '';
    expect(passphrase).toMatch(/^[A-Z0-9-]{29}$/);
    expect(await install()).toContain('nothing was changed');
  }, 120_000);

  it('comes up whole', async () => {
    await composed.compose('up', '--detach', '--wait');
    const states = (await composed.inspect()).map(({ Name, State }) => [Name.slice(1), State.Health?.Status]);
    const healthy = CONTAINERS.map((container) => [named(container), 'healthy']);
    expect(Object.fromEntries(states)).toEqual(Object.fromEntries([...healthy, [named('migrate-1'), undefined]]));
  }, 300_000);

  it('is set up, and enrols an agent, through the proxy over TLS', async () => {
    await composed.trustCertificate();
    const said = await composed.compose('exec', '-T', 'api', 'node', 'api/dist/main/prepare.js', 'setup-code');
    const token = await composed.completeSetup(/Set-up code: (\S+)/.exec(said)?.[1] ?? '');
    operator = new Operator(composed, await composed.stepUp(token));
    agent = await EnrolledAgent.start(operator, 'outside', { TLS_PIN: composed.certificateFingerprint });
    await operator.untilState(agent.serverId, 'ONLINE');
  }, 60_000);

  it('runs a command that either replica is asked for, whichever has the agent', async () => {
    for (const replica of ['api-1', 'api-2']) {
      const id = await composed.runAt(named(replica), operator.token, agent.serverId);
      expect([replica, await succeeded(id)]).toEqual([replica, 'SUCCEEDED']);
    }
    expect(await operator.output(await echo('through both'))).toBe('through both\n');
  }, 60_000);

  it('knows who asks, whatever they claim to be', async () => {
    await composed.ask('mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }', {
      variables: { input: { email: 'nobody@example.test', password: 'not the password', client: 'CLI' } },
      headers: { 'x-forwarded-for': '203.0.113.66' },
    });
    const detail = await composed.sql(
      "select detail from audit_entries where action like 'sign-in%' order by time desc",
    );
    expect(detail).toContain(composed.outsideAddress);
    expect(detail).not.toMatch(/203\.0\.113|10\.203\.117/);
  });

  it('shows its replicas’ own pages to nobody outside', async () => {
    expect(await composed.statusOf('/readyz')).toBe(404);
    expect(await composed.statusOf('/metrics')).toBe(404);
    expect(await composed.statusOf('/healthz')).toBe(200);
    expect(await composed.statusOf('/')).toBe(200);
  });

  it('leaves no secret in what Docker tells of a container, in its environment or in its log', async () => {
    const values = [passphrase, ...(await Promise.all(SECRETS.map((name) => composed.secret(name))))];
    values.push(...Object.values(JSON.parse(await composed.secret('database-roles.json')) as Record<string, string>));
    const told = [JSON.stringify(await composed.inspect()), await composed.compose('logs')];
    for (const { State } of await composed.inspect()) {
      if (State.Pid > 0) told.push(execFileSync('cat', [`/proc/${State.Pid}/environ`], { encoding: 'utf8' }));
    }
    for (const value of values) expect(told.filter((text) => text.includes(value))).toEqual([]);
  });

  it('keeps the command key from everybody but the signer', async () => {
    const find = 'find / -xdev -name command.pem; find /var/lib/pilothouse -name command.pem; true';
    for (const container of ['api-1', 'api-2', 'jobs-1', 'dashboard-1']) {
      expect(await composed.docker('exec', named(container), 'sh', '-c', find)).toBe('');
    }
    expect(await composed.docker('exec', named('signer-1'), 'sh', '-c', find)).toContain('signer/command.pem');
  });

  it('can do in its containers no more than the file says', async () => {
    for (const container of CONTAINERS) {
      const run = (script: string) => composed.docker('exec', named(container), 'sh', '-c', script);
      expect(await run('id -u')).not.toBe('0\n');
      await expect(run('touch /etc/written'), container).rejects.toThrow(/Read-only file system|Permission denied/);
      expect(await run('grep -E "CapEff|NoNewPrivs" /proc/1/status')).toBe(
        'CapEff:\t0000000000000000\nNoNewPrivs:\t1\n',
      );
    }
  });

  it('lets the dashboard find nothing but replicas', async () => {
    const finds = (name: string) =>
      composed.docker(
        'exec',
        named('dashboard-1'),
        'node',
        '--eval',
        `require('dns').lookup('${name}', (e) => console.log(!e))`,
      );
    expect(await finds('api')).toBe('true\n');
    for (const name of ['database', 'redis', 'signer', 'proxy'])
      expect([name, await finds(name)]).toEqual([name, 'false\n']);
  }, 120_000);

  it('takes no more memory at rest than its limits and its budget', async () => {
    const usage = await composed.memoryMib();
    console.info(usage);
    for (const { name, usedMib, limitMib } of usage) expect(usedMib, name).toBeLessThan(limitMib * 0.6);
    expect(usage.reduce((sum, { usedMib }) => sum + usedMib, 0)).toBeLessThan(MAX_TOTAL_MIB);
  });

  it.each(CONTAINERS)(
    'goes on when %s is killed, and loses nothing that it has acknowledged',
    async (container) => {
      const before = [await eventually(() => echo('one')), await eventually(() => echo('two'))];
      await composed.killAndAwait(named(container));
      const after = await eventually(() => echo('three'));
      for (const id of [...before, after]) expect(await succeeded(id)).toBe('SUCCEEDED');
    },
    180_000,
  );

  it('ends a replica within its time when it is asked to, and its agents go to the other at once', async () => {
    for (const container of ['api-1', 'api-2']) {
      await composed.docker('stop', named(container));
      expect((await composed.stateOf(named(container))).ExitCode).toBe(0);
      expect(await succeeded(await eventually(() => echo(`without ${container}`)))).toBe('SUCCEEDED');
      await composed.compose('up', '--detach', '--wait', 'api');
    }
  }, 180_000);

  it('keeps everything over a stop of all of it', async () => {
    const id = await echo('kept');
    expect(await succeeded(id)).toBe('SUCCEEDED');
    await composed.compose('down');
    await composed.compose('up', '--detach', '--wait');
    expect(await operator.output(id)).toBe('kept\n');
    expect(await succeeded(await eventually(() => echo('again')))).toBe('SUCCEEDED');
  }, 300_000);
});
