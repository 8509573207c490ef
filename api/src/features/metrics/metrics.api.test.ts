import { HOST_FIGURES } from '@pilothouse/db/timeseries';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SamplingAgent } from './index.js';
import { hostSample, MetricsScene, minutesAgo, mountSample } from './testing/metrics.scene.js';

const LATEST = `query ($filter: LatestMetricsFilterInput, $first: Int, $after: String) {
  metricsLatest(filter: $filter, first: $first, after: $after) {
    nodes { serverId sample { at cpuPct memUsedMib psiCpuPct } } pageInfo { hasNextPage endCursor } } }`;
const HISTORY = `query ($input: MetricsHistoryInput!) {
  metricsHistory(input: $input) { stepSeconds tierSeconds times series { serverId figure avg max } } }`;
const PARTS = `query ($serverId: ID!, $kind: PartKind!) { hostParts(serverId: $serverId, kind: $kind) { kind name } }`;
const PART_HISTORY = `query ($input: PartHistoryInput!) {
  partHistory(input: $input) { stepSeconds tierSeconds times series { name figure avg max } } }`;
const UNKNOWN = '0190a0a0-0000-7000-8000-000000000000';
const YEAR_MS = 365.25 * 86_400_000;

let scene: MetricsScene;
let tenant: SeededWorkspace;
let agent: SamplingAgent;
beforeAll(async () => void (scene = await MetricsScene.open()));
afterAll(() => scene.close());
beforeEach(async () => {
  tenant = await scene.workspace();
  agent = await scene.agent(tenant);
});

const ask = (document: string, variables: Record<string, unknown>, as = tenant) =>
  scene.harness.ask(scene.harness.as(as, 'VIEWER'), document, variables);

describe('metricsLatest', () => {
  test('has every server of the workspace, with its newest sample or none yet', async () => {
    const silent = await scene.agent(tenant);
    await scene.ingest.accept(agent, { samples: [hostSample(minutesAgo(2)), hostSample(minutesAgo(1))], parts: [] });
    const { data } = await ask(LATEST, {});
    expect(data.metricsLatest.nodes).toEqual([
      { serverId: agent.serverId, sample: { at: minutesAgo(1), cpuPct: 12.5, memUsedMib: 2048, psiCpuPct: null } },
      { serverId: silent.serverId, sample: null },
    ]);
  });

  test('pages through servers without gap or repetition', async () => {
    const others = [await scene.agent(tenant), await scene.agent(tenant)];
    const first = (await ask(LATEST, { first: 2 })).data.metricsLatest;
    const second = (await ask(LATEST, { first: 2, after: first.pageInfo.endCursor })).data.metricsLatest;
    const ids = [...first.nodes, ...second.nodes].map((node: { serverId: string }) => node.serverId);
    expect(ids).toEqual([agent, ...others].map(({ serverId }) => serverId));
    expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
  });

  test('shows a deleted server no more', async () => {
    await scene.harness.sql('update servers set deleted_at = now() where id = $1', [agent.serverId]);
    expect((await ask(LATEST, {})).data.metricsLatest.nodes).toEqual([]);
    expect((await ask(LATEST, { filter: { serverIds: [agent.serverId] } })).code).toBe('NOT_FOUND');
  });

  test.each([
    ['200 servers are asked for', 200, undefined],
    ['201 servers are asked for', 201, 'BAD_USER_INPUT'],
  ])('answers as it should when %s', async (_what, count, code) => {
    const ids = await scene.servers(tenant, count - 1);
    expect((await ask(LATEST, { filter: { serverIds: [agent.serverId, ...ids] } })).code).toBe(code);
  });

  test.each<[string, { serverIds?: string[]; first?: number; after?: string }, string]>([
    ['an empty set', { serverIds: [] }, 'BAD_USER_INPUT'],
    ['an id that is none', { serverIds: ['\0'] }, 'NOT_FOUND'],
    ['an unknown id beside a known one', { serverIds: [UNKNOWN] }, 'NOT_FOUND'],
    ['a page of none', { first: 0 }, 'BAD_USER_INPUT'],
    ['a page of 201', { first: 201 }, 'BAD_USER_INPUT'],
    ['a cursor of another list', { after: Buffer.from('["x"]').toString('base64url') }, 'BAD_USER_INPUT'],
  ])('refuses %s', async (_what, variables, code) => {
    const serverIds = variables.serverIds?.length ? [agent.serverId, ...variables.serverIds] : variables.serverIds;
    expect((await ask(LATEST, { ...variables, ...(serverIds && { filter: { serverIds } }) })).code).toBe(code);
  });
});

describe('metricsHistory', () => {
  const range = () => ({ from: minutesAgo(10), to: minutesAgo(0), serverIds: [agent.serverId], figures: ['CPU_PCT'] });

  test('gives averages and maxima on common points and says the resolution it chose', async () => {
    const other = await scene.agent(tenant);
    const at = (seconds: number) => new Date(minutesAgo(9).getTime() + seconds * 1000);
    const samples = [hostSample(at(0), { cpuPct: 10 }), hostSample(at(10), { cpuPct: 30 })];
    await scene.ingest.accept(agent, { samples, parts: [] });
    await scene.rollUp();
    const input = { ...range(), serverIds: [agent.serverId, other.serverId], maxPoints: 10 };
    const { metricsHistory } = (await ask(HISTORY, { input })).data;
    expect(metricsHistory).toMatchObject({ stepSeconds: 60, times: expect.any(Array) });
    expect(metricsHistory.times.slice(0, 2)).toEqual([minutesAgo(10), minutesAgo(9)]);
    const nothing = Array(9).fill(null);
    expect(metricsHistory.series).toEqual([
      {
        serverId: agent.serverId,
        figure: 'CPU_PCT',
        avg: [null, 20, ...nothing.slice(1)],
        max: [null, 30, ...nothing.slice(1)],
      },
      { serverId: other.serverId, figure: 'CPU_PCT', avg: [null, ...nothing], max: [null, ...nothing] },
    ]);
  });

  test('reads every figure of the store', async () => {
    await scene.ingest.accept(agent, { samples: [hostSample(minutesAgo(5), { psiCpuPct: 3 })], parts: [] });
    await scene.rollUp();
    const figures = HOST_FIGURES.map(({ name }) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
    const { data } = await ask(HISTORY, { input: { ...range(), figures, maxPoints: 1 } });
    const values = data.metricsHistory.series.map((series: { max: (number | null)[] }) =>
      series.max.find((value) => value !== null),
    );
    const expected: Record<string, unknown> = { ...hostSample(minutesAgo(5), { psiCpuPct: 3 }) };
    expect(values).toEqual(HOST_FIGURES.map(({ name }) => expected[name] ?? undefined));
  });

  test.each([
    ['an end that is the begin', { to: minutesAgo(10) }, 'BAD_USER_INPUT'],
    ['an end before the begin', { to: minutesAgo(11) }, 'BAD_USER_INPUT'],
    ['a range of just over 10 years', { from: new Date(Date.now() - 10.01 * YEAR_MS) }, 'BAD_USER_INPUT'],
    ['a range of just under 10 years', { from: new Date(Date.now() - 9.99 * YEAR_MS) }, undefined],
    ['no point', { maxPoints: 0 }, 'BAD_USER_INPUT'],
    ['2,000 points', { maxPoints: 2000 }, undefined],
    ['2,001 points', { maxPoints: 2001 }, 'BAD_USER_INPUT'],
    ['no server', { serverIds: [] }, 'BAD_USER_INPUT'],
    ['no figure', { figures: [] }, 'BAD_USER_INPUT'],
    ['a figure twice', { figures: ['CPU_PCT', 'CPU_PCT'] }, 'BAD_USER_INPUT'],
    ['a figure there is not', { figures: ['cpuPct'] }, 'GRAPHQL_VALIDATION_FAILED'],
    ['an unknown server', { serverIds: [UNKNOWN] }, 'NOT_FOUND'],
  ])('answers as it should to %s', async (_what, change, code) => {
    expect((await ask(HISTORY, { input: { ...range(), ...change } })).code).toBe(code);
  });

  test('compares 50 servers and refuses 51, and refuses an answer of more than 200,000 points', async () => {
    const ids = [agent.serverId, ...(await scene.servers(tenant, 50))];
    const of = (serverIds: string[], figures: string[], maxPoints = 500) =>
      ask(HISTORY, { input: { ...range(), serverIds, figures, maxPoints } });
    const eight = ['LOAD1', 'LOAD5', 'LOAD15', 'CPU_PCT', 'STEAL_PCT', 'IOWAIT_PCT', 'MEM_USED_MIB', 'SWAP_USED_MIB'];
    const compared = await of(ids.slice(0, 50), eight);
    expect(compared.data.metricsHistory.series).toHaveLength(400);
    expect((await of(ids, ['CPU_PCT'])).message).toBe('serverIds must name from 1 to 50 servers.');
    expect((await of(ids.slice(0, 50), eight, 501)).code).toBe('BAD_USER_INPUT');
  });
});

describe('parts', () => {
  beforeEach(async () => {
    const parts = [mountSample(minutesAgo(3), '/', 40), mountSample(minutesAgo(3), '/srv <script>', 80)];
    await scene.ingest.accept(agent, { samples: [], parts });
  });

  test('are listed by kind, with the names the host gave them', async () => {
    expect((await ask(PARTS, { serverId: agent.serverId, kind: 'MOUNT' })).data.hostParts).toEqual([
      { kind: 'MOUNT', name: '/' },
      { kind: 'MOUNT', name: '/srv <script>' },
    ]);
    expect((await ask(PARTS, { serverId: agent.serverId, kind: 'DISK' })).data.hostParts).toEqual([]);
  });

  test.each([
    ['all', undefined, ['/', '/srv <script>']],
    ['those named', ['/', '/gone'], ['/']],
  ])('have a history: %s', async (_which, names, expected) => {
    const input = {
      serverId: agent.serverId.toUpperCase(),
      kind: 'MOUNT',
      figures: ['USED_PCT'],
      from: minutesAgo(5),
      to: minutesAgo(0),
      names,
    };
    const { partHistory } = (await ask(PART_HISTORY, { input })).data;
    expect(partHistory).toMatchObject({ stepSeconds: 60, tierSeconds: 60 });
    expect(partHistory.series.map(({ name }: { name: string }) => name)).toEqual(expected);
    expect(partHistory.series[0].avg).toEqual([null, null, 40, null, null]);
  });

  test('refuse a name with a NUL, more than 64 names and an unknown server', async () => {
    const input = {
      serverId: agent.serverId,
      kind: 'CPU',
      figures: ['BUSY_PCT'],
      from: minutesAgo(5),
      to: minutesAgo(0),
    };
    const codeOf = async (change: object) => (await ask(PART_HISTORY, { input: { ...input, ...change } })).code;
    expect(await codeOf({ names: ['a\0b'] })).toBe('BAD_USER_INPUT');
    const names = Array.from({ length: 65 }, (_, n) => String(n));
    expect(await codeOf({ names })).toBe('BAD_USER_INPUT');
    expect(await codeOf({ names: names.slice(1) })).toBeUndefined();
    expect(await codeOf({ serverId: UNKNOWN })).toBe('NOT_FOUND');
    expect((await ask(PARTS, { serverId: 'x', kind: 'CPU' })).code).toBe('NOT_FOUND');
  });
});

test('another workspace cannot read, list or watch what was measured', async () => {
  await scene.ingest.accept(agent, {
    samples: [hostSample(minutesAgo(1))],
    parts: [mountSample(minutesAgo(1), '/', 1)],
  });
  const stranger = await scene.workspace();
  const own = await scene.agent(stranger);
  const range = { from: minutesAgo(5), to: minutesAgo(0) };
  const { serverId } = agent;
  expect((await ask(LATEST, {}, stranger)).data.metricsLatest.nodes).toEqual([
    { serverId: own.serverId, sample: null },
  ]);
  const questions: [string, Record<string, unknown>][] = [
    [LATEST, { filter: { serverIds: [own.serverId, serverId] } }],
    [HISTORY, { input: { ...range, serverIds: [own.serverId, serverId], figures: ['CPU_PCT'] } }],
    [PARTS, { serverId, kind: 'MOUNT' }],
    [PART_HISTORY, { input: { ...range, serverId, kind: 'MOUNT', figures: ['USED_PCT'] } }],
  ];
  for (const [document, variables] of questions) {
    const foreign = await ask(document, variables, stranger);
    const unknown = await ask(document, JSON.parse(JSON.stringify(variables).replaceAll(serverId, UNKNOWN)), stranger);
    expect(foreign).toMatchObject({ code: 'NOT_FOUND' });
    expect(foreign).toEqual(unknown);
  }
  const cursor = (await ask(LATEST, { first: 1 })).data.metricsLatest.pageInfo.endCursor;
  const after = (await ask(LATEST, { after: cursor }, stranger)).data.metricsLatest.nodes;
  expect(after.every((node: { serverId: string }) => node.serverId === own.serverId)).toBe(true);
});
