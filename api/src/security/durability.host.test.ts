import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, StartedPilothouse } from '../testing/index.js';

let pilothouse: StartedPilothouse;
let token: string;
beforeAll(async () => {
  pilothouse = await StartedPilothouse.start();
  token = await pilothouse.setUp();
});
afterAll(() => pilothouse.remove());

const CREATE = `mutation ($name: String!) { createServerGroup(input: { name: $name, idempotencyKey: $name }) { ... on ServerGroup { id } } }`;

/** Makes groups, one after the other and several at once, until a process dies. @returns the names acknowledged. */
async function acknowledgedUntil(prefix: string, kill: () => void): Promise<string[]> {
  const names: string[] = [];
  const make = async (lane: number): Promise<void> => {
    for (let i = 0; ; i += 1) {
      const name = `${prefix}-${lane}-${i}`;
      const answer = await pilothouse.ask(CREATE, { token, variables: { name } }).catch(() => null);
      if (!answer?.data?.createServerGroup?.id) return;
      names.push(name);
      if (lane === 0 && i === 10) kill();
    }
  };
  await Promise.all([0, 1, 2, 3].map(make));
  return names;
}

const kept = () =>
  eventually(async () => {
    const names: string[] = [];
    for (let after: string | null = null; ;) {
      const {
        data,
      }: {
        data: {
          serverGroups?: { nodes: { name: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
        } | null;
      } = await pilothouse.ask(
        'query ($after: String) { serverGroups(first: 200, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }',
        { token, variables: { after } },
      );
      if (!data?.serverGroups) return null;
      names.push(...data.serverGroups.nodes.map(({ name }) => name));
      if (!data.serverGroups.pageInfo.hasNextPage) return names;
      after = data.serverGroups.pageInfo.endCursor;
    }
  });

test.each([
  ['the api', () => pilothouse.pidOf('api')],
  ['PostgreSQL', () => pilothouse.pidOfDatabase()],
])('every mutation that was acknowledged before kill -9 of %s is there afterwards', async (what, pidOf) => {
  const pid = await pidOf();
  const acknowledged = await acknowledgedUntil(what, () => process.kill(pid, 'SIGKILL'));
  expect(acknowledged.length).toBeGreaterThan(10);
  expect(await kept()).toEqual(expect.arrayContaining(acknowledged));
  const { data } = await pilothouse.ask('{ verifyAudit { intact } }', { token });
  expect(data.verifyAudit.intact).toBe(true);
  expect(await pidOf()).not.toBe(pid);
});
