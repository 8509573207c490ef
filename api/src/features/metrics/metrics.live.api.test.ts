import type { SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { SamplingAgent } from './index.js';
import { hostSample, MetricsScene, minutesAgo } from './testing/metrics.scene.js';

const SAMPLED = `subscription ($serverIds: [ID!]!) {
  metricsSampled(serverIds: $serverIds) { seq serverId gap sample { at cpuPct } } }`;

let scene: MetricsScene;
let tenant: SeededWorkspace;
let agent: SamplingAgent;
beforeAll(async () => void (scene = await MetricsScene.open()));
afterAll(() => scene.close());
beforeEach(async () => {
  tenant = await scene.workspace();
  agent = await scene.agent(tenant);
});

const watch = (serverIds: string[], as = tenant) =>
  scene.harness.follow(scene.harness.as(as, 'VIEWER'), SAMPLED, { serverIds });
const at = (seconds: number) => new Date(minutesAgo(5).getTime() + seconds * 1000);
const send = (seconds: number, from = agent) =>
  scene.ingest.accept(from, { samples: [hostSample(at(seconds), { cpuPct: seconds })], parts: [] });
const event = (seconds: number, gap: boolean, of = agent) => ({
  seq: at(seconds).getTime() / 1000,
  serverId: of.serverId,
  gap,
  sample: { at: at(seconds), cpuPct: seconds },
});

test('gives the newest sample at once, then each as it comes', async () => {
  await send(0);
  const events = watch([agent.serverId]);
  expect((await events.next()).value!.data.metricsSampled).toEqual(event(0, false));
  for (const seconds of [10, 20]) {
    const [next] = await Promise.all([events.next(), send(seconds)]);
    expect(next.value!.data.metricsSampled).toEqual(event(seconds, false));
  }
  await events.return();
});

test('skips to the newest sample for a reader that was away, and says that there is a gap', async () => {
  await send(0);
  const events = watch([agent.serverId]);
  await events.next();
  for (const seconds of [10, 20, 30]) await send(seconds);
  expect((await events.next()).value!.data.metricsSampled).toEqual(event(30, true));
  await events.return();
});

test('says nothing of samples that come late, nor of servers not asked for', async () => {
  const other = await scene.agent(tenant);
  await send(60);
  const events = watch([agent.serverId]);
  await events.next();
  await send(0);
  await send(70, other);
  const [next] = await Promise.all([events.next(), send(70)]);
  expect(next.value!.data.metricsSampled).toEqual(event(70, false));
  await events.return();
});

test('drops a server that is deleted while it is watched', async () => {
  const other = await scene.agent(tenant);
  await send(0);
  const events = watch([agent.serverId, other.serverId]);
  await events.next();
  await scene.harness.sql('update servers set deleted_at = now() where id = $1', [agent.serverId]);
  await send(10);
  const [next] = await Promise.all([events.next(), send(10, other)]);
  expect(next.value!.data.metricsSampled).toEqual(event(10, false, other));
  await events.return();
});

test('another workspace cannot watch, and no more than 200 servers can be watched at once', async () => {
  const stranger = await scene.workspace();
  expect((await watch([agent.serverId], stranger).next()).value).toMatchObject({ code: 'NOT_FOUND' });
  expect((await watch([]).next()).value).toMatchObject({ code: 'BAD_USER_INPUT' });
  const ids = Array.from({ length: 201 }, (_, n) => `0190a0a0-0000-7000-8000-${String(n).padStart(12, '0')}`);
  expect((await watch(ids).next()).value).toMatchObject({ code: 'BAD_USER_INPUT' });
  expect((await watch(ids.slice(1)).next()).value).toMatchObject({ code: 'NOT_FOUND' });
});
