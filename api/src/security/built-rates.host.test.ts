import { request } from 'node:http';
import { API_LIMITS, CLOSE_CODES } from '@pilothouse/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { RATE_LIMITS, type RateLimit } from '../kernel/rate-limits.js';
import { PASSWORD, StartedPilothouse } from '../testing/index.js';

const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }`;
const STEP_UP = `mutation ($input: StepUpInput!) { stepUp(input: $input) { __typename } }`;
const AT_ONCE = 20;

let pilothouse: StartedPilothouse;
let token: string;
beforeAll(async () => {
  pilothouse = await StartedPilothouse.start();
  token = await pilothouse.setUp();
});
afterAll(() => pilothouse?.remove());

interface Sent {
  /** Of this host: each is a stranger of its own. */
  from: string;
  path?: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** What came back for one request: its status, and the code of the first error if it is an operation's answer. */
function send({ from, path = '/graphql', body, headers = {} }: Sent): Promise<string> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? null : JSON.stringify(body);
    const asked = request(
      `${pilothouse.origin}${path}`,
      {
        localAddress: from,
        method: text === null ? 'GET' : 'POST',
        headers: { ...(text !== null && { 'content-type': 'application/json' }), ...headers },
      },
      (response) => {
        response.setEncoding('utf8');
        let answer = '';
        response.on('data', (piece: string) => (answer += piece));
        response.on('end', () => resolve(/"code":"(\w+)"/.exec(answer)?.[1] ?? String(response.statusCode)));
      },
    );
    asked.on('error', reject);
    asked.end(text ?? undefined);
  });
}

/** Spends all but one of a limit's points; then the last is taken, and one more is refused. */
async function spend(limit: RateLimit, once: () => Promise<string>, { spent = 0 } = {}): Promise<string[]> {
  let left = RATE_LIMITS[limit].points - spent - 1;
  const several = async () => {
    while (left > 0) {
      left -= 1;
      expect(await once()).not.toBe('RATE_LIMITED');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, several));
  return [await once(), await once()];
}

/** What is compiled resolves its modules otherwise than the tests do: a limit may hold in one and not in the other. */
describe('what is built takes no more than', () => {
  it.each<[RateLimit, Sent]>([
    ['address', { from: '127.0.0.11', body: { query: '{ setup { completed } }' } }],
    ['agentEntrance', { from: '127.0.0.12', path: '/agent/keyset' }],
    ['release', { from: '127.0.0.13', path: '/install.sh' }],
  ])('the points of %s from one address', async (limit, sent) => {
    const [last, beyond] = await spend(limit, () => send(sent));
    expect(last).toBe('200');
    expect(beyond).toMatch(/RATE_LIMITED|429/);
    expect(await send({ ...sent, from: '127.0.0.99' })).toBe('200');
  });

  it('the points of signInAddress, whichever the accounts', async () => {
    let tries = 0;
    const once = () =>
      send({
        from: '127.0.0.21',
        body: {
          query: SIGN_IN,
          variables: { input: { email: `p${(tries += 1)}@example.org`, password: 'wrong one' } },
        },
      });
    expect(await spend('signInAddress', once)).toEqual(['200', 'RATE_LIMITED']);
  });

  it('the points of signInAccount, with the right password too', async () => {
    const once = (password = 'wrong one') =>
      send({
        from: '127.0.0.22',
        body: { query: SIGN_IN, variables: { input: { email: 'somebody@example.org', password } } },
      });
    expect(await spend('signInAccount', () => once())).toEqual(['200', 'RATE_LIMITED']);
    expect(await once(PASSWORD)).toBe('RATE_LIMITED');
  });

  it('the points of signInAccountAnywhere, from however many networks', async () => {
    let tries = 0;
    const once = () => {
      tries += 1;
      const network = Math.floor(tries / RATE_LIMITS.signInAccount.points);
      const input = { email: 'sought@example.org', password: 'wrong one' };
      return send({ from: `127.0.1.${network + 1}`, body: { query: SIGN_IN, variables: { input } } });
    };
    expect(await spend('signInAccountAnywhere', once)).toEqual(['200', 'RATE_LIMITED']);
  });

  it('the points of stepUp', async () => {
    const once = () =>
      send({
        from: '127.0.0.23',
        body: { query: STEP_UP, variables: { input: { password: 'wrong one' } } },
        headers: { authorization: `Bearer ${token}` },
      });
    const [last, beyond] = await spend('stepUp', once, { spent: 1 }); // one by setting up
    expect(last).not.toBe('RATE_LIMITED');
    expect(beyond).toBe('RATE_LIMITED');
  });

  it('so many sockets from one address', async () => {
    const url = `${pilothouse.origin.replace('http', 'ws')}/graphql`;
    const open = () =>
      new Promise<WebSocket | number>((resolve) => {
        const socket = new WebSocket(url, 'graphql-transport-ws', { localAddress: '127.0.0.31' });
        socket.once('open', () => socket.ping());
        socket.once('pong', () => resolve(socket));
        socket.once('close', resolve);
      });
    const opened = await Promise.all(Array.from({ length: API_LIMITS.maxSocketsPerAddress }, open));
    expect(opened.filter((socket) => typeof socket === 'number')).toEqual([]);
    expect(await open()).toBe(CLOSE_CODES.TOO_MANY_SOCKETS.code);
    for (const socket of opened) if (socket instanceof WebSocket) socket.terminate();
  });

  // Last: it spends all that the owner has.
  it('the points of principal', async () => {
    const once = () =>
      send({ from: '127.0.0.24', body: { query: '{ __typename }' }, headers: { authorization: `Bearer ${token}` } });
    let count = 0;
    let refused = 0;
    const several = async () => {
      while (refused === 0 && count <= RATE_LIMITS.principal.points) {
        count += 1;
        if ((await once()) === 'RATE_LIMITED') refused += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, several));
    expect(refused).toBeGreaterThan(0);
    // Setting up has spent some; and those that were under way when the first was refused are counted too.
    expect(count).toBeGreaterThan(RATE_LIMITS.principal.points - 100);
  });
});
