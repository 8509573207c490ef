import { afterAll, beforeAll, expect, it } from 'vitest';
import { EnrolledAgent, Operator, TestApi } from '../../testing/index.js';

/** Two processes' worth of api on one database, with nothing between them but that. */
let first: TestApi;
let second: TestApi;
let atFirst: Operator;
let atSecond: Operator;
let agents: EnrolledAgent[] = [];

beforeAll(async () => {
  first = await TestApi.start();
  second = await TestApi.start({ replicaOf: first });
  const token = await first.stepUp((await first.setUp()).token);
  atFirst = new Operator(first, token);
  atSecond = new Operator(second, token);
  agents = [await EnrolledAgent.start(atFirst, 'on-first'), await EnrolledAgent.start(atSecond, 'on-second')];
});
afterAll(async () => {
  for (const agent of agents) await agent.remove();
  await second?.stop();
  await first?.stop();
});

it('sees every agent from either replica', async () => {
  for (const operator of [atFirst, atSecond]) {
    for (const { serverId } of agents) await operator.untilState(serverId, 'ONLINE');
  }
});

it('runs what is asked of one replica on the agent of the other, and streams its output from both', async () => {
  const [onFirst, onSecond] = agents as [EnrolledAgent, EnrolledAgent];
  for (const [asked, other, agent] of [
    [atFirst, atSecond, onSecond],
    [atSecond, atFirst, onFirst],
  ] as const) {
    const id = await asked.run(agent.serverId, {
      argv: ['sh', '-c', 'for n in 1 2 3; do echo line $n; sleep 0.1; done'],
    });
    const outputs = await Promise.all([asked.output(id), other.output(id)]);
    expect(outputs).toEqual(['line 1\nline 2\nline 3\n', 'line 1\nline 2\nline 3\n']);
    expect(await other.finished(id)).toMatchObject({ state: 'SUCCEEDED', exitCode: 0 });
  }
});

it('cancels at one replica what was asked of the other', async () => {
  const [, onSecond] = agents as [EnrolledAgent, EnrolledAgent];
  const id = await atSecond.run(onSecond.serverId, { argv: ['sleep', '600'] });
  await atFirst.cancel(id);
  expect(await atSecond.finished(id)).toMatchObject({ state: 'CANCELLED' });
});

it('keeps one audit chain, whichever replica wrote', async () => {
  const { verifyAudit } = await atSecond.ask('{ verifyAudit { intact } }');
  expect(verifyAudit).toEqual({ intact: true });
});
