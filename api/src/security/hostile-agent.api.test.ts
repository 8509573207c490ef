import { generateSigningKey } from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApi } from '../testing/index.js';
import { RawSocket } from './testing/raw-socket.js';

/**
 * An agent with a genuine identity that breaks every rule it can, or whoever has root on its host: what it has there is
 * tried here on the API of people.
 *
 * What it tries on its own socket needs the gateway and stands beside that, in `features/agents`:
 * `hostile-agent.api.test.ts` (whatever frame about whatever id), `publish.api.test.ts` (operations, sizes, each kind of
 * frame about another server), `handshake.api.test.ts` and `connection.api.test.ts` (proofs, epochs, clones) and
 * `paced-reading.host.test.ts` (floods). `features/enrolment/agent-entrances.api.test.ts` has the races for one token,
 * `features/commands/report.db.test.ts` the lies about a command, `transport/graphql-socket.host.test.ts` slow readers.
 */
describe('what a host holds', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await TestApi.start();
    await api.setUp();
  });
  afterAll(() => api.stop());

  it.each([
    ['an agent’s id', () => uuidv7()],
    ['a token of enrolment', () => `phe_${'A'.repeat(43)}`],
    ['a public key', () => generateSigningKey().publicKey],
  ])('opens nothing of the API of people: %s', async (_what, make) => {
    const token = make();
    const { code } = await api.ask('{ servers(first: 1) { nodes { id } } }', { token });
    expect(code).toBe('UNAUTHENTICATED');
    const socket = await RawSocket.connected(api.origin, { token });
    const answer = await socket.firstOf(socket.subscribe({ query: '{ servers(first: 1) { nodes { id } } }' }));
    expect(JSON.stringify(answer)).toContain('UNAUTHENTICATED');
    await socket.end();
  });
});
