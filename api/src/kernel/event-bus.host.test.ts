import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { eventually } from '../testing/operator.js';
import { canRunRedis, RedisServer } from '../testing/redis-server.js';
import { InProcessEventBus, type EventBus, type Topic } from './event-bus.js';
import { RedisEventBus } from './redis-event-bus.js';

const log = pino({ level: 'silent' });

/** Where is published, and where is listened: one bus, or that of another replica. */
interface Buses {
  here: EventBus;
  there: EventBus;
}

const woken = (bus: EventBus, topic: Topic) => new Promise<void>((resolve) => bus.subscribe(topic, resolve));

function contract(open: () => Promise<Buses>): void {
  let here: EventBus;
  let there: EventBus;
  beforeEach(async () => void ({ here, there } = await open()));

  test('wakes every subscriber of a topic, and none of another', async () => {
    let others = 0;
    there.subscribe('workspace:2', () => (others += 1));
    there.subscribe('output:1', () => (others += 1));
    const both = [woken(there, 'workspace:1'), woken(there, 'workspace:1')];
    here.publish('workspace:1');
    await Promise.all(both);
    expect(others).toBe(0);
  });

  test('wakes in the order in which it was told', async () => {
    const heard: string[] = [];
    for (const topic of ['queue:1', 'queue:2'] as const) there.subscribe(topic, () => heard.push(topic));
    const last = woken(there, 'revocations');
    for (const topic of ['queue:2', 'queue:1', 'queue:2', 'revocations'] as const) here.publish(topic);
    await last;
    expect(heard).toEqual(['queue:2', 'queue:1', 'queue:2']);
  });

  test('wakes nobody who has ended the subscription, and still the others of that topic', async () => {
    let ended = 0;
    const end = there.subscribe('metrics:1', () => (ended += 1));
    const stays = woken(there, 'metrics:1');
    end();
    here.publish('metrics:1');
    await stays;
    expect(ended).toBe(0);
  });

  test('says nothing but that there is something', async () => {
    const said = new Promise<unknown[]>((resolve) => there.subscribe('output:2', (...words) => resolve(words)));
    here.publish('output:2');
    expect(await said).toEqual([]);
  });
}

describe('the bus in this process', () => {
  contract(async () => {
    const bus = new InProcessEventBus();
    return { here: bus, there: bus };
  });
});

describe.runIf(canRunRedis())('the bus on Redis [needs redis]', () => {
  let redis: RedisServer;
  const opened: RedisEventBus[] = [];
  beforeAll(async () => void (redis = await RedisServer.start()));
  afterAll(() => redis.remove());
  afterEach(() => {
    for (const bus of opened.splice(0)) bus.close();
  });

  const make = (prefix = 'pilothouse:one') => {
    const bus = new RedisEventBus({ url: redis.url, prefix }, log);
    opened.push(bus);
    return bus;
  };
  const untilConnected = (...buses: RedisEventBus[]) =>
    eventually(async () => (buses.every((bus) => bus.isConnected) ? true : null));
  const untilAway = (...buses: RedisEventBus[]) =>
    eventually(async () => (buses.every((bus) => !bus.isConnected) ? true : null));

  describe('from one replica to another', () => {
    contract(async () => {
      const buses = { here: make(), there: make() };
      await untilConnected(buses.here, buses.there);
      return buses;
    });
  });

  describe('within one replica', () => {
    contract(async () => {
      const bus = make();
      await untilConnected(bus);
      return { here: bus, there: bus };
    });
  });

  test('wakes once for one word, also where it was said', async () => {
    const [here, there] = [make(), make()];
    await untilConnected(here, there);
    let wakes = 0;
    here.subscribe('workspace:1', () => (wakes += 1));
    there.subscribe('workspace:1', () => there.publish('revocations'));
    const answered = woken(here, 'revocations');
    here.publish('workspace:1');
    await answered;
    expect(wakes).toBe(1);
  });

  test('another installation on the same Redis is not woken', async () => {
    const [here, there] = [make(), make()];
    const [stranger, itsOther] = [make('pilothouse:two'), make('pilothouse:two')];
    await untilConnected(here, there, stranger, itsOther);
    let wakes = 0;
    stranger.subscribe('revocations', () => (wakes += 1));
    const [heard, heardByStranger] = [woken(there, 'revocations'), woken(stranger, 'workspace:1')];
    here.publish('revocations');
    await heard;
    itsOther.publish('workspace:1');
    await heardByStranger;
    expect(wakes).toBe(0);
  });

  test('while Redis is away it wakes its own replica, and the others again once Redis is back', async () => {
    const [here, there] = [make(), make()];
    await untilConnected(here, there);
    await redis.stop();
    await untilAway(here, there);
    const own = woken(here, 'workspace:1');
    here.publish('workspace:1');
    await own;
    await redis.startAgain();
    await untilConnected(here, there);
    const others = woken(there, 'workspace:1');
    here.publish('workspace:1');
    await others;
  });

  test('starts without Redis, and finds it later', async () => {
    await redis.stop();
    const [here, there] = [make(), make()];
    const own = woken(here, 'workspace:1');
    here.publish('workspace:1');
    await own;
    await redis.startAgain();
    await untilConnected(here, there);
    const others = woken(there, 'workspace:1');
    here.publish('workspace:1');
    await others;
  });

  test('keeps no more than a bounded number of wakes for a Redis that hangs, and goes on when it does', async () => {
    const [here, there] = [make(), make()];
    await untilConnected(here, there);
    let heard = 0;
    there.subscribe('queue:1', () => (heard += 1));
    redis.freeze();
    try {
      for (let word = 0; word < 50_000; word += 1) here.publish('queue:1');
    } finally {
      redis.thaw();
    }
    let isThrough = false;
    there.subscribe('revocations', () => (isThrough = true));
    await eventually(async () => {
      here.publish('revocations');
      return isThrough ? true : null;
    });
    expect(heard).toBe(1000);
  });
});
