import { InProcessEventBus, type EventBus } from '../../kernel/event-bus.js';
import type { Logger } from '../../kernel/log.js';
import { RedisEventBus, type RedisPlace } from '../../kernel/redis-event-bus.js';

/** How replicas wake each other's readers. */
export interface OpenEventBus {
  bus: EventBus;
  /** Whether the other replicas are heard; null where there are none. */
  isConnected: () => boolean | null;
  close: () => void;
}

export function openEventBus(redis: RedisPlace | null, log: Logger): OpenEventBus {
  if (redis === null) return { bus: new InProcessEventBus(), isConnected: () => null, close: () => undefined };
  const bus = new RedisEventBus(redis, log);
  return { bus, isConnected: () => bus.isConnected, close: () => bus.close() };
}

/** Several installations may share a Redis: each has names of its own there. */
export function redisPlace(url: string | null, rootFingerprint: string): RedisPlace | null {
  return url === null ? null : { url, prefix: `pilothouse:${rootFingerprint.slice(0, 16)}` };
}
