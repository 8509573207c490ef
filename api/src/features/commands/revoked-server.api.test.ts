import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestApi } from '../../testing/index.js';

let api: TestApi;
let token: string;

beforeAll(async () => {
  api = await TestApi.start();
  token = await api.stepUp((await api.setUp()).token);
});
afterAll(() => api.stop());

it('ends what is open on a server that is revoked: taken back when never sent, unknown otherwise', async () => {
  const made = await api.ask(
    `mutation { createServer(input: { name: "web-1", profile: FULL_ACCESS, idempotencyKey: "web-1" }) { ... on ServerEnrolment { server { id } } } }`,
    { token },
  );
  const serverId = made.data.createServer.server.id;
  await api.sql('update servers set enrolled_at = now() where id = $1', [serverId]);
  const queue = async () => {
    const { data } = await api.ask(
      `mutation ($id: ID!, $key: String!) { runCommand(input: { serverId: $id, command: { argv: ["true"] }, whenOffline: DELIVER, idempotencyKey: $key }) { ... on Command { id } } }`,
      { token, variables: { id: serverId, key: randomUUID() } },
    );
    return data.runCommand.id as string;
  };
  const [waiting, running] = [await queue(), await queue()];
  await api.sql(
    `update commands set state = 'RUNNING', sent_at = now(), deadline_at = now() + interval '1 h' where id = $1`,
    [running],
  );

  const revoked = await api.ask(`mutation ($id: ID!) { revokeServer(input: { serverId: $id }) { __typename } }`, {
    token,
    variables: { id: serverId },
  });
  expect(revoked.message).toBeUndefined();

  const stateOf = async (id: string) =>
    (await api.ask(`query ($id: ID!) { command(id: $id) { state outcome reason } }`, { token, variables: { id } })).data
      .command;
  expect(await stateOf(waiting)).toMatchObject({ state: 'CANCELLED', outcome: 'KNOWN' });
  expect(await stateOf(running)).toMatchObject({ state: 'INTERRUPTED', outcome: 'UNKNOWN' });
});
