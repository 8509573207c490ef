import { setTimeout as delay } from 'node:timers/promises';
import { canBootHosts } from '@pilothouse/agent/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../testing/index.js';
import { InstallScene, type InstallHost, type Invitation } from './testing/install-scene.js';

const CUT_MS = 60_000;
const SAMPLE_MS = 10_000;
const QUEUED = 20;

describe.runIf(canBootHosts())('three installed hosts [needs systemd-nspawn]', () => {
  let scene: InstallScene;
  let hosts: { host: InstallHost; invitation: Invitation }[];

  beforeAll(async () => {
    scene = await InstallScene.start();
    hosts = await Promise.all(
      ['one', 'two', 'three'].map(async (name) => ({ host: await scene.boot(), invitation: await scene.invite(name) })),
    );
    for (const { host, invitation } of hosts) {
      const { exitCode, stderr } = await scene.type(host.host, invitation.curl, invitation.token);
      if (exitCode !== 0) throw new Error(stderr);
    }
  }, 240_000);
  afterAll(() => scene?.remove(), 60_000);

  it('come to an end with every command and miss no sample when their cables were out for a minute', async () => {
    const { operator } = scene;
    const serverIds = hosts.map(({ invitation }) => invitation.serverId);
    const longer = await Promise.all(
      serverIds.map((serverId) =>
        operator.run(serverId, { argv: ['sh', '-c', 'for n in $(seq 90); do echo $n; sleep 1; done'] }),
      ),
    );
    const fromMs = Math.ceil(Date.now() / SAMPLE_MS) * SAMPLE_MS;
    await eventually(async () => (Date.now() > fromMs + SAMPLE_MS ? true : null));
    for (const { host } of hosts) host.cable.pullOut();
    await Promise.all(serverIds.map((serverId) => operator.untilState(serverId, 'OFFLINE')));
    const queued: string[] = [];
    for (const serverId of serverIds) {
      for (let number = 0; number < QUEUED; number += 1) {
        const argv = ['sh', '-c', `echo ${number} >> /root/effects`];
        queued.push(await operator.run(serverId, { argv }, { whenOffline: 'DELIVER' }));
      }
    }
    // The cut itself is what is tested.
    await delay(CUT_MS);
    for (const { host } of hosts) host.cable.plugIn();
    await Promise.all(serverIds.map((serverId) => operator.untilState(serverId, 'ONLINE')));
    for (const id of [...longer, ...queued]) expect(await operator.finished(id)).toMatchObject({ state: 'SUCCEEDED' });
    const counted = Array.from({ length: 90 }, (_, number) => `${number + 1}\n`).join('');
    for (const id of longer) expect(await operator.output(id)).toBe(counted);
    for (const { host } of hosts) {
      const effects = (await host.host.ask('cat', '/root/effects')).split('\n').map(Number);
      expect(effects.sort((one, other) => one - other)).toEqual(Array.from({ length: QUEUED }, (_, number) => number));
    }
    const toMs = Math.floor(Date.now() / SAMPLE_MS) * SAMPLE_MS - SAMPLE_MS;
    expect((toMs - fromMs) / SAMPLE_MS).toBeGreaterThan(CUT_MS / SAMPLE_MS);
    await eventually(async () => ((await missingSamples(serverIds, fromMs, toMs)) === 0 ? true : null));
  }, 300_000);

  async function missingSamples(serverIds: string[], fromMs: number, toMs: number): Promise<number> {
    const { metricsHistory } = await scene.operator.ask(
      `query ($input: MetricsHistoryInput!) { metricsHistory(input: $input) { stepSeconds series { avg } } }`,
      {
        input: {
          ...{ serverIds, figures: ['CPU_PCT'] },
          ...{ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() },
        },
      },
    );
    expect(metricsHistory.stepSeconds).toBe(SAMPLE_MS / 1000);
    return metricsHistory.series
      .flatMap(({ avg }: { avg: (number | null)[] }) => avg)
      .filter((value: number | null) => value === null).length;
  }
});
