import { TelemetryWriter } from '@pilothouse/db/timeseries';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createMetricsFeature, type SamplingAgent } from './index.js';
import { hostSample, MetricsScene, minutesAgo, mountSample } from './testing/metrics.scene.js';

let scene: MetricsScene;
let tenant: SeededWorkspace;
let agent: SamplingAgent;
beforeAll(async () => void (scene = await MetricsScene.open({ maxPendingRows: 300 })));
afterAll(() => scene.close());
beforeEach(async () => {
  tenant = await scene.workspace();
  agent = await scene.agent(tenant);
});

const storedOf = async ({ serverId }: SamplingAgent): Promise<number> => {
  const [row] = await scene.harness.sql<{ n: number }>(
    'select count(*)::int as n from telemetry_raw.host_sample h join servers s on s.metric_key = h.server_id where s.id = $1',
    [serverId],
  );
  return row!.n;
};

test('answers after the rows are durable, and wakes the followers of the workspace', async () => {
  const woken = new Promise<number>((resolve) => {
    scene.harness.bus.subscribe(`metrics:${tenant.workspaceId}`, () => void storedOf(agent).then(resolve));
  });
  const report = await scene.ingest.accept(agent, { samples: [hostSample(minutesAgo(1))], parts: [] });
  expect(report).toEqual({ fenced: false, refused: [] });
  expect(await storedOf(agent)).toBe(1);
  expect(await woken).toBe(1);
});

test('names each refused row with a stable code and a sentence, and keeps the others', async () => {
  const report = await scene.ingest.accept(agent, {
    samples: [hostSample(minutesAgo(-5)), hostSample(minutesAgo(1)), hostSample(minutesAgo(60 * 24 * 365))],
    parts: [mountSample(minutesAgo(-60), '/', 1)],
  });
  expect(report.refused).toHaveLength(3);
  expect(report.refused).toEqual(
    expect.arrayContaining([
      {
        index: 0,
        kind: 'sample',
        code: 'IN_FUTURE',
        message: 'The sample at 0 was refused: its time is ahead of the control plane’s clock.',
      },
      expect.objectContaining({ index: 2, kind: 'sample', code: 'TOO_OLD' }),
      expect.objectContaining({ index: 0, kind: 'part', code: 'IN_FUTURE' }),
    ]),
  );
  expect(await storedOf(agent)).toBe(1);
});

test('a displaced connection writes nothing, wakes nobody and is told', async () => {
  let woken = 0;
  scene.harness.bus.subscribe(`metrics:${tenant.workspaceId}`, () => (woken += 1));
  const displaced = { ...agent, epoch: { generation: 1, counter: 0 } };
  const report = await scene.ingest.accept(displaced, { samples: [hostSample(minutesAgo(1))], parts: [] });
  expect(report).toEqual({ fenced: true, refused: [] });
  expect([await storedOf(agent), woken]).toEqual([0, 0]);
});

test('an overloaded store refuses whole frames as unavailable, and takes them later', async () => {
  const frame = { samples: Array.from({ length: 200 }, (_, n) => hostSample(minutesAgo(n))), parts: [] };
  const first = scene.ingest.accept(agent, frame);
  await expect(scene.ingest.accept(agent, frame)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await first;
  await expect(scene.ingest.accept(agent, frame)).resolves.toMatchObject({ fenced: false });
});

test('a store that is away refuses whole frames as unavailable', async () => {
  const nowhere = new Pool({ connectionString: 'postgres://127.0.0.1:1/nowhere' });
  const { ingest } = createMetricsFeature({
    database: scene.harness.database,
    bus: scene.harness.bus,
    writer: new TelemetryWriter(nowhere),
  });
  const frame = { samples: [hostSample(minutesAgo(1))], parts: [] };
  await expect(ingest.accept(agent, frame)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await nowhere.end();
});
