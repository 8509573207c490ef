import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { CLOSE_CODES, generateSigningKey } from '@pilothouse/protocol';
import { LinkHarness, ScriptedControlPlane, SHORT_LIMITS, TcpProxy, type HarnessOptions } from '../testing/index.js';

let controlPlane: ScriptedControlPlane;

beforeEach(async () => {
  controlPlane = await ScriptedControlPlane.start();
});
afterEach(() => controlPlane.stop());

async function startLink(options?: HarnessOptions): Promise<LinkHarness> {
  const harness = await LinkHarness.start(controlPlane, options);
  onTestFinished(() => harness.stop());
  return harness;
}

async function startProxy(): Promise<TcpProxy> {
  const proxy = await TcpProxy.start(controlPlane.url);
  onTestFinished(() => proxy.stop());
  return proxy;
}

const closed = ({ code }: { code: number }) => ({ code, reason: 'as a test wants it' });

describe('coming online', () => {
  it('passes through every state in order and subscribes once', async () => {
    const harness = await startLink();
    await controlPlane.subscriptions.take();
    expect(harness.states).toEqual(['CONNECTING', 'HANDSHAKING', 'ONLINE']);
    expect(harness.link.status()).toMatchObject({
      state: 'ONLINE',
      lastError: null,
      epoch: { generation: 1, counter: 1 },
    });
    expect(controlPlane.operations).toHaveLength(1);
  });

  it('asks for a challenge where a proxy strips the header', async () => {
    controlPlane.faults.stripChallengeHeader = true;
    const harness = await startLink();
    await harness.reached('ONLINE');
  });

  it.each([-24, 24])('takes the control plane’s time when its own clock is off by %i h', async (hours) => {
    controlPlane.clockOffsetMs = hours * 3_600_000;
    const harness = await startLink();
    await harness.reached('ONLINE');
    expect(Math.abs(harness.clock.now().getTime() - controlPlane.now().getTime())).toBeLessThan(1000);
  });

  it('hands over what the subscription yields', async () => {
    const harness = await startLink();
    await controlPlane.subscriptions.take();
    controlPlane.send('KeysetInstruction', { ...controlPlane.keys.keyset() });
    expect(await harness.instructions.take()).toMatchObject({ __typename: 'KeysetInstruction' });
  });
});

describe('deadlines', () => {
  it.each([
    ['the upgrade', { hangUpgrade: true }, 'The control plane could not be reached (0.3 s)'],
    ['the acknowledgement', { hangHandshake: true }, 'The handshake was not finished in time (0.3 s)'],
    ['the challenge', { stripChallengeHeader: true, hangHttp: true }, /did not answer|was not finished in time/],
  ])('gives up waiting for %s and tries again', async (_what, faults, reason) => {
    Object.assign(controlPlane.faults, faults);
    const harness = await startLink();
    expect(await harness.failure()).toMatch(reason);
    await harness.reachedAgain('CONNECTING');
  });

  it('notices a connection that went silent and comes back once the path heals', async () => {
    const proxy = await startProxy();
    const harness = await startLink({ url: proxy.url });
    await harness.reached('ONLINE');
    proxy.isFrozen = true;
    expect(await harness.failure()).toBe('Nothing was received for 0.4 s');
    proxy.isFrozen = false;
    await harness.reachedAgain('ONLINE');
  });

  it('stays online for many times the silence as long as its heartbeat is answered', async () => {
    const harness = await startLink();
    await harness.reached('ONLINE');
    const heartbeats = (3 * SHORT_LIMITS.silenceTimeoutMs) / SHORT_LIMITS.heartbeatIntervalMs;
    for (let count = 0; count < heartbeats; count++) await controlPlane.pings.take();
    expect(harness.states).toEqual(['CONNECTING', 'HANDSHAKING', 'ONLINE']);
  });
});

describe('proof of the control plane', () => {
  const refusals: [what: string, set: () => void, reason: string][] = [
    [
      'signed by another key',
      () => (controlPlane.faults.ackKey = generateSigningKey()),
      'The answer is not signed by a key of the control plane',
    ],
    [
      'meant for another server',
      () => (controlPlane.faults.changeAck = (ack) => ({ ...ack, serverId: '01890000-0000-7000-8000-000000000000' })),
      'The answer is meant for another server',
    ],
    [
      'of a protocol version not spoken here',
      () => (controlPlane.faults.changeAck = (ack) => ({ ...ack, version: 9 })),
      'The control plane chose protocol version 9, which this agent does not speak',
    ],
    [
      'with a keyset signed by another root',
      () => {
        const keyset = controlPlane.keys.keyset();
        const forged = { ...keyset, rootPublicKey: generateSigningKey().publicKey };
        controlPlane.faults.changeAck = (ack) => ({ ...ack, keyset: forged });
      },
      'The control plane’s root key is not the pinned one: this is another installation, or somebody between',
    ],
    [
      'malformed',
      () => (controlPlane.faults.changeAck = (ack) => ({ ...ack, time: 'yesterday' })),
      'The answer of the control plane is malformed',
    ],
  ];

  it.each(refusals)('sends no operation after an answer %s', async (_what, set, reason) => {
    set();
    const harness = await startLink();
    expect(await harness.failure()).toBe(reason);
    await harness.reachedAgain('BACKING_OFF');
    expect(controlPlane.operations).toEqual([]);
    expect(harness.states).not.toContain('ONLINE');
    expect(harness.clock.isSet).toBe(false);
  });

  it('refuses a generation below one it has seen', async () => {
    const harness = await startLink();
    await harness.reached('ONLINE');
    harness.identity.generation = 2;
    await controlPlane.stop();
    await controlPlane.listen();
    const entry = await harness.log.waitFor(({ fields }) => /Generation/.test(String(fields.reason)));
    expect(entry.fields.reason).toBe('Generation 1 was replaced by 2 before');
  });

  it('follows a replaced control plane key that the root key vouches for, and keeps the new keyset', async () => {
    const harness = await startLink();
    await harness.reached('ONLINE');
    controlPlane.keys.rotate();
    controlPlane.closeAll(CLOSE_CODES.SHUTTING_DOWN.code, '');
    await harness.reachedAgain('ONLINE');
    expect(harness.keyring.keyset.version).toBe(2);
  });

  it('fetches the keyset anew when the control plane does not say which keys it has now', async () => {
    const harness = await startLink();
    await harness.reached('ONLINE');
    controlPlane.keys.rotate();
    controlPlane.faults.changeAck = (ack) => ({ ...ack, keyset: null });
    controlPlane.closeAll(CLOSE_CODES.SHUTTING_DOWN.code, '');
    await harness.reachedAgain('ONLINE');
    expect(harness.keyring.keyset.version).toBe(2);
  });

  it('does not go back to an older keyset', async () => {
    const harness = await startLink();
    await harness.reached('ONLINE');
    const older = controlPlane.keys.keyset(1);
    await harness.keyring.adopt(controlPlane.keys.keyset(2));
    expect(() => harness.keyring.open(older)).toThrow('older than one already seen');
  });
});

describe('after the end of a connection', () => {
  it('returns after an outage', async () => {
    const harness = await startLink();
    await harness.reached('ONLINE');
    await controlPlane.stop();
    await harness.reached('BACKING_OFF');
    expect(harness.link.status().lastError).not.toBeNull();
    await controlPlane.listen();
    await harness.reachedAgain('ONLINE');
    expect(harness.link.status().lastError).toBeNull();
  });

  it('never gives up while nobody answers', async () => {
    await controlPlane.stop();
    const harness = await startLink();
    for (let attempt = 0; attempt < 20; attempt++) await harness.reachedAgain('BACKING_OFF');
    await controlPlane.listen();
    await harness.reachedAgain('ONLINE');
  });

  it('tries again after an upgrade is refused', async () => {
    controlPlane.faults.refuseUpgrade = 503;
    const harness = await startLink();
    expect(await harness.failure()).toMatch('503');
    delete controlPlane.faults.refuseUpgrade;
    await harness.reachedAgain('ONLINE');
  });

  it('pauses after another instance took over, and connects only when the pause is over', async () => {
    const harness = await startLink();
    await harness.reached('ONLINE');
    const before = performance.now();
    controlPlane.closeAll(CLOSE_CODES.SUPERSEDED.code, 'superseded');
    await harness.reached('PAUSED');
    await harness.reachedAgain('ONLINE');
    expect(performance.now() - before).toBeGreaterThanOrEqual(SHORT_LIMITS.pauseMs - 2);
    expect(harness.states).not.toContain('BACKING_OFF');
    expect(controlPlane.upgrades).toBe(2);
  });

  it.each([CLOSE_CODES.REVOKED, CLOSE_CODES.VERSION_TOO_OLD])(
    'says what a person can do, and tries again after the pause, when told: $meaning',
    async (end) => {
      controlPlane.faults.closeOnHello = closed(end);
      const harness = await startLink();
      await harness.reached('PAUSED');
      expect(harness.link.status()).toMatchObject({ lastError: end.meaning, advice: expect.any(String) });
      delete controlPlane.faults.closeOnHello;
      await harness.reachedAgain('ONLINE');
      expect(harness.link.status()).toMatchObject({ lastError: null, advice: null });
      expect(harness.states).not.toContain('BACKING_OFF');
    },
  );

  it.each([CLOSE_CODES.HANDSHAKE_REFUSED, CLOSE_CODES.VERSION_TOO_NEW, CLOSE_CODES.TOO_MANY_SOCKETS])(
    'tries again when told: $meaning',
    async (end) => {
      controlPlane.faults.closeOnHello = closed(end);
      const harness = await startLink();
      expect(await harness.failure()).toBe(end.meaning);
      delete controlPlane.faults.closeOnHello;
      await harness.reachedAgain('ONLINE');
    },
  );

  it('opens one socket per attempt, also after a normal closure', async () => {
    const harness = await startLink();
    await harness.reached('ONLINE');
    controlPlane.closeAll(1000, 'Goodbye');
    await harness.reachedAgain('ONLINE');
    expect(controlPlane.upgrades).toBe(2);
    expect(harness.states.filter((state) => state === 'CONNECTING')).toHaveLength(2);
  });
});

describe('stopping', () => {
  it.each([
    ['CONNECTING', { hangUpgrade: true }],
    ['HANDSHAKING', { hangHandshake: true }],
    ['ONLINE', {}],
    ['BACKING_OFF', { refuseUpgrade: 503 }],
    ['PAUSED', { closeOnHello: closed(CLOSE_CODES.REVOKED) }],
  ] as const)('ends at once in state %s and leaves no socket', async (state, faults) => {
    Object.assign(controlPlane.faults, faults);
    const harness = await startLink({ limits: { maxFreshBackoffMs: 60_000, initialBackoffMs: 60_000 } });
    await harness.reached(state);
    await harness.link.stop();
    expect(harness.link.status().state).toBe('IDLE');
    const attempts = controlPlane.upgrades;
    await controlPlane.stop();
    expect(controlPlane.upgrades).toBe(attempts);
    await controlPlane.listen();
  });
});
