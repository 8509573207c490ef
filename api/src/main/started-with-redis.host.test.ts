import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, Operator, StartedPilothouse } from '../testing/index.js';
import { canRunRedis, RedisServer } from '../testing/redis-server.js';

describe.runIf(canRunRedis())('Pilothouse with a Redis [needs redis]', () => {
  let redis: RedisServer;
  let pilothouse: StartedPilothouse;

  beforeAll(async () => {
    redis = await RedisServer.start();
    await redis.stop();
    pilothouse = await StartedPilothouse.start({ environment: { PILOTHOUSE_REDIS_URL: redis.url } });
  });
  afterAll(async () => {
    await pilothouse?.remove();
    await redis?.remove();
  });

  const readiness = async () =>
    (await (await fetch(`${pilothouse.origin}/readyz`)).json()) as { status: string; parts: { redis: string } };

  it('starts and works while that is away, and finds it when it is there', async () => {
    expect(await readiness()).toMatchObject({ status: 'ready', parts: { redis: 'away' } });
    const operator = new Operator(pilothouse, await pilothouse.setUp());
    const serverId = await eventually(async () => (await operator.servers())[0]?.id ?? null);
    await operator.untilState(serverId, 'ONLINE');
    const id = await operator.run(serverId, { argv: ['echo', 'without'] });
    expect(await operator.output(id)).toBe('without\n');
    await redis.startAgain();
    await eventually(async () => ((await readiness()).parts.redis === 'ok' ? true : null));
  });
});
