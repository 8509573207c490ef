import { CLOSE_CODES, LINK_LIMITS } from '@pilothouse/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AgentClient, enrolIdentity, helloOf, Operator, StartedPilothouse } from '../testing/index.js';
import { describeLimits } from './testing/limits.suite.js';
import { describeSocketLimits, messageOf } from './testing/socket-limits.suite.js';
import { TRANSPORTS, type Caller } from './testing/transports.js';

let pilothouse: StartedPilothouse;
let token: string;
beforeAll(async () => {
  pilothouse = await StartedPilothouse.start();
  token = await pilothouse.setUp();
});
afterAll(() => pilothouse?.remove());

/** What is compiled resolves its modules otherwise than the tests do: a limit may hold in one and not in the other. */
describe.each(TRANSPORTS)('what is built, over $name', ({ name, call }) => {
  let caller: Caller;
  beforeEach(async () => void (caller = await call(pilothouse.origin, token)));
  afterEach(() => caller.end());

  describeLimits(() => caller, name);
});

describe('what is built, on sockets of people and programs', () => {
  describeSocketLimits(() => ({ api: pilothouse, token }));
});

describe('what is built, on sockets of agents', () => {
  let client: AgentClient;
  beforeEach(async () => void (client = await AgentClient.open(pilothouse.origin)));
  afterEach(() => client.end());

  async function shakeHands(): Promise<void> {
    const identity = await enrolIdentity(new Operator(pilothouse, token), crypto.randomUUID());
    const { challenge } = client;
    const { controlPlaneKeyId } = identity;
    const hello = helloOf(identity, { challenge, controlPlaneKeyId, audience: pilothouse.origin });
    expect(await client.shake(hello)).not.toBeNull();
  }

  it.each([
    [
      '64 KiB before the handshake',
      LINK_LIMITS.maxMessageBytesBeforeAuthentication,
      async () => undefined,
      CLOSE_CODES.MESSAGE_TOO_BIG.code,
    ],
    ['1 MiB after it', LINK_LIMITS.maxMessageBytes, shakeHands, 1009],
  ])('a message may have %s, and not a byte more', async (_many, bytes, prepare, code) => {
    await prepare();
    client.send(messageOf(bytes, { type: 'ping' }));
    expect(await client.next(({ type }) => type === 'pong')).not.toBeNull();
    client.send(messageOf(bytes + 1, { type: 'ping' }));
    expect((await client.closed).code).toBe(code);
  });

  it('operations may be four at a time, not five', async () => {
    await shakeHands();
    for (let count = 0; count < 4; count += 1) client.listen();
    client.send({ type: 'ping' });
    expect(await client.next(({ type }) => type === 'pong')).not.toBeNull();
    client.listen();
    expect((await client.closed).code).toBe(CLOSE_CODES.TOO_MANY_OPERATIONS.code);
  });
});
