import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedMember } from '../../security/testing/callers.js';
import { RawSocket } from '../../security/testing/raw-socket.js';
import { EnrolledAgent, Operator, TestApi } from '../../testing/index.js';
import { canRunRedis, RedisServer } from '../../testing/redis-server.js';

/** Two processes' worth of api on one database, with a Redis between them. */
describe.runIf(canRunRedis())('two replicas with a Redis between them [needs redis]', () => {
  let redis: RedisServer;
  let first: TestApi;
  let second: TestApi;
  let atFirst: Operator;
  let atSecond: Operator;
  let agent: EnrolledAgent;
  let directory: string;
  let workspaceId: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pilothouse-gates-'));
    redis = await RedisServer.start();
    first = await TestApi.start({ redisUrl: redis.url });
    second = await TestApi.start({ replicaOf: first, redisUrl: redis.url });
    const owner = await first.setUp();
    ({ workspaceId } = owner);
    const token = await first.stepUp(owner.token);
    atFirst = new Operator(first, token);
    atSecond = new Operator(second, token);
    agent = await EnrolledAgent.start(atSecond, 'on-second');
    await atFirst.untilState(agent.serverId, 'ONLINE');
  });
  afterAll(async () => {
    await agent?.remove();
    await second?.stop();
    await first?.stop();
    await redis?.remove();
    await rm(directory, { recursive: true, force: true });
  });

  /** Does something as its administrator. */
  async function command(...words: [string, ...string[]]): Promise<void> {
    const client = new Redis(redis.url);
    await client.call(...words);
    client.disconnect();
  }

  it('tells it topics and ids, and nothing of what anybody does', async () => {
    const [variable, input, output] = [randomUUID(), randomUUID(), randomUUID()];
    const seen: string[][] = [];
    const client = new Redis(redis.url);
    const monitor = await client.monitor();
    monitor.on('monitor', (_time: string, words: string[]) => seen.push(words));
    const id = await atFirst.run(agent.serverId, {
      argv: ['sh', '-c', 'read line; echo "$line $VALUE"; echo $0', output],
      environment: [{ name: 'VALUE', value: variable }],
      stdin: Buffer.from(`${input}\n`).toString('base64'),
    });
    expect(await atFirst.output(id)).toBe(`${input} ${variable}\n${output}\n`);
    await atFirst.finished(id);
    await client.ping();
    monitor.disconnect();
    client.disconnect();
    const said = seen
      .filter(([name]) => name?.toLowerCase() === 'publish')
      .map(([, channel, message]) => [channel, message]);
    for (const [channel, message] of said) {
      expect(channel).toMatch(/^pilothouse:[0-9a-f]{16}:wakes$/);
      expect(message).toMatch(/^[0-9a-f]{16} (revocations|(workspace|output|queue|metrics):[0-9a-f-]{36})$/);
    }
    const topics = said.map(([, message]) => message?.split(' ')[1]);
    expect(topics).toEqual(expect.arrayContaining([`queue:${agent.serverId}`, `output:${id}`]));
    const all = JSON.stringify(seen);
    for (const secret of [variable, input, output, atFirst.token]) expect(all).not.toContain(secret);
  });

  const DISTURBANCES: Readonly<Record<string, { begin: () => Promise<unknown>; end: () => Promise<unknown> }>> = {
    'while it runs': { begin: async () => undefined, end: async () => undefined },
    'while it is stopped': { begin: () => redis.stop(), end: () => redis.startAgain() },
    'while it hangs': { begin: async () => redis.freeze(), end: async () => redis.thaw() },
    'while it drops every message': {
      begin: () => command('acl', 'setuser', 'default', 'resetchannels'),
      end: () => command('acl', 'setuser', 'default', 'allchannels'),
    },
    'after it was killed and came back empty': {
      begin: async () => {
        await redis.stop();
        await redis.startAgain();
      },
      end: async () => undefined,
    },
  };

  describe.each(Object.entries(DISTURBANCES))('%s', (what, { begin, end }) => {
    it('runs what is asked of one replica on the agent of the other, and output that began before goes on', async () => {
      const gate = join(directory, what.replaceAll(' ', '-'));
      const script = `echo before; until [ -e ${gate} ]; do sleep 0.05; done; echo after`;
      const id = await atFirst.run(agent.serverId, { argv: ['sh', '-c', script] });
      const following = [atFirst, atSecond].map((operator) => new FollowedOutput(operator, id));
      await Promise.all(following.map((output) => output.until('before\n')));
      await begin();
      try {
        const later = await atFirst.run(agent.serverId, { argv: ['echo', 'later'] });
        expect(await atSecond.finished(later)).toMatchObject({ state: 'SUCCEEDED' });
        expect(await atFirst.output(later)).toBe('later\n');
        await writeFile(gate, '');
        const outputs = await Promise.all(following.map((output) => output.until('after\n')));
        expect(outputs).toEqual(['before\nafter\n', 'before\nafter\n']);
        expect(await atFirst.finished(id)).toMatchObject({ state: 'SUCCEEDED' });
      } finally {
        await end();
        await Promise.all(following.map((output) => output.end()));
      }
    });

    it('ends at both replicas within 2 s what lives by an account that is disabled', async () => {
      const { userId, token } = await seedMember(first, workspaceId, 'OPERATOR');
      const sockets = await Promise.all([first, second].map((api) => following(api, token)));
      await begin();
      try {
        const disabledMs = performance.now();
        await first.controlPlane.features.people.disableAccount(`${userId}@example.test`);
        expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([4607, 4607]);
        expect(performance.now() - disabledMs).toBeLessThan(2000);
      } finally {
        await end();
      }
    });
  });

  /** A socket in the middle of a subscription. */
  async function following(api: TestApi, token: string): Promise<RawSocket> {
    const socket = await RawSocket.connected(api.origin, { token, workspaceId });
    socket.subscribe({ query: 'subscription { serverChanged(afterSeq: 0) { seq } }' });
    await socket.firstOf(socket.subscribe({ query: '{ workspace { id } }' }));
    return socket;
  }
});

/** What a command writes, as a viewer sees it come. */
class FollowedOutput {
  private text = '';
  private readonly client;
  private readonly pieces;

  constructor(operator: Operator, id: string) {
    this.client = operator.socket();
    this.pieces = this.client.iterate<{ commandOutput: { data: string } }>({
      query: 'subscription ($id: ID!) { commandOutput(commandId: $id) { data } }',
      variables: { id },
    });
  }

  async until(end: string): Promise<string> {
    while (!this.text.endsWith(end)) {
      const { value, done } = await this.pieces.next();
      if (done) break;
      this.text += Buffer.from(value.data?.commandOutput.data ?? '', 'base64').toString();
    }
    return this.text;
  }

  async end(): Promise<void> {
    await this.client.dispose();
  }
}
