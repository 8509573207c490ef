import { afterAll, beforeAll, expect, it } from 'vitest';
import { EnrolledAgent, eventually, Operator, TestApi } from '../../testing/index.js';

let api: TestApi;
let operator: Operator;
let agents: EnrolledAgent[];

beforeAll(async () => {
  api = await TestApi.start();
  operator = new Operator(api, await api.stepUp((await api.setUp()).token));
  agents = [await EnrolledAgent.start(operator, 'frozen'), await EnrolledAgent.start(operator, 'killed')];
  for (const { serverId } of agents) await operator.untilState(serverId, 'ONLINE');
});
afterAll(async () => {
  for (const agent of agents ?? []) await agent.remove();
  await api?.stop();
});

const OFFLINE_LIMIT_MS = 30_000;

it('shows a killed agent offline at once, and a frozen one within 30 s, each with the reason', async () => {
  const [frozen, killed] = agents as [EnrolledAgent, EnrolledAgent];
  const frozenMs = performance.now();
  process.kill(frozen.pid, 'SIGSTOP');
  await killed.end('SIGKILL');
  const gone = await operator.untilState(killed.serverId, 'OFFLINE');
  expect(performance.now() - frozenMs).toBeLessThan(OFFLINE_LIMIT_MS / 2);
  expect(gone.stateReason).toContain('connection broke');
  const silent = await operator.untilState(frozen.serverId, 'OFFLINE');
  expect(performance.now() - frozenMs).toBeLessThan(OFFLINE_LIMIT_MS);
  expect(silent.stateReason).toContain('nothing was heard');
  process.kill(frozen.pid, 'SIGCONT');
  await operator.untilState(frozen.serverId, 'ONLINE');
  await eventually(async () =>
    (await operator.server(frozen.serverId)).connectedAt === silent.connectedAt ? null : true,
  );
});
