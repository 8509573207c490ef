import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { InProcessEventBus, type Topic } from '../../kernel/event-bus.js';
import { WakeLimiter } from './wake.limiter.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const counted = (topic: Topic = 'metrics:a') => {
  const bus = new InProcessEventBus();
  const count = { passed: 0 };
  bus.subscribe(topic, () => (count.passed += 1));
  return { limiter: new WakeLimiter(bus), count };
};

test('passes the first wake at once, and those that follow within half a second together after it', () => {
  const { limiter, count } = counted();
  for (let n = 0; n < 100; n += 1) limiter.wake('metrics:a');
  expect(count.passed).toBe(1);
  vi.advanceTimersByTime(499);
  expect(count.passed).toBe(1);
  vi.advanceTimersByTime(1);
  expect(count.passed).toBe(2);
  vi.advanceTimersByTime(5000);
  expect(count.passed).toBe(2);
});

test('never loses the last wake, and passes the next at once after quiet', () => {
  const { limiter, count } = counted();
  limiter.wake('metrics:a');
  vi.advanceTimersByTime(500);
  limiter.wake('metrics:a');
  expect(count.passed).toBe(2);
});

test('one workspace does not hold up another', () => {
  const { limiter, count } = counted('metrics:b');
  limiter.wake('metrics:a');
  limiter.wake('metrics:b');
  expect(count.passed).toBe(1);
});
