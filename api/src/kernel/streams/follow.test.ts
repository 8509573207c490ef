import { describe, expect, test, vi } from 'vitest';
import { InProcessEventBus } from '../event-bus.js';
import { follow } from './follow.js';

const topic = 'workspace:1' as const;

/** Rows that grow, read from where one stopped. */
class Rows {
  readonly bus = new InProcessEventBus();
  reads = 0;
  private given = 0;
  private readonly rows: number[] = [];
  /** Called within each read, after it has looked. */
  whileReading: () => void | Promise<void> = () => undefined;

  add(...rows: number[]): void {
    this.rows.push(...rows);
    this.bus.publish(topic);
  }

  readonly read = async () => {
    this.reads += 1;
    const found = this.rows.slice(this.given);
    this.given = this.rows.length;
    await this.whileReading();
    return found;
  };

  follow(options: { isOver?: () => boolean; pollMs?: number } = {}) {
    return follow({ bus: this.bus, topic, read: this.read, pollMs: 60_000, ...options });
  }

  get listeners(): number {
    return (this.bus as unknown as { listeners: Map<string, Set<unknown>> }).listeners.get(topic)?.size ?? 0;
  }
}

describe('following', () => {
  test('gives what is there, then what is added, in order', async () => {
    const rows = new Rows();
    rows.add(1, 2);
    const items = rows.follow();
    expect([(await items.next()).value, (await items.next()).value]).toEqual([1, 2]);
    const third = items.next();
    rows.add(3);
    expect((await third).value).toBe(3);
    await items.return();
  });

  test('does not lose a wake that comes while it reads', async () => {
    const rows = new Rows();
    rows.whileReading = () => {
      rows.whileReading = () => undefined;
      rows.add(1);
    };
    const items = rows.follow();
    expect((await items.next()).value).toBe(1);
    await items.return();
  });

  test('notices what nobody woke it for at its next poll', async () => {
    vi.useFakeTimers();
    const rows = new Rows();
    const items = rows.follow({ pollMs: 1000 });
    const first = items.next();
    await vi.advanceTimersByTimeAsync(999);
    (rows as unknown as { rows: number[] }).rows.push(7);
    expect(rows.reads).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect((await first).value).toBe(7);
    await items.return();
    vi.useRealTimers();
  });

  test('reads no further than its consumer asks', async () => {
    const rows = new Rows();
    rows.add(1);
    const items = rows.follow();
    await items.next();
    rows.add(2);
    rows.add(3);
    await new Promise(setImmediate);
    expect(rows.reads).toBe(1);
    expect([(await items.next()).value, (await items.next()).value]).toEqual([2, 3]);
    expect(rows.reads).toBe(2);
    await items.return();
  });

  test('ends at once while it waits, and is subscribed to nothing then', async () => {
    const rows = new Rows();
    const items = rows.follow();
    const waiting = items.next();
    await new Promise(setImmediate);
    expect(rows.listeners).toBe(1);
    await items.return();
    expect((await waiting).done).toBe(true);
    expect(rows.listeners).toBe(0);
    rows.add(1);
    await new Promise(setImmediate);
    expect(rows.reads).toBe(1);
  });

  test('ends when nothing can come any more, after all that came', async () => {
    const rows = new Rows();
    rows.add(1);
    const seen: number[] = [];
    for await (const item of rows.follow({ isOver: () => true })) seen.push(item);
    expect(seen).toEqual([1]);
    expect(rows.listeners).toBe(0);
  });

  test('ends with the error of a read, and is subscribed to nothing then', async () => {
    const rows = new Rows();
    rows.whileReading = () => Promise.reject(new Error('away'));
    const items = rows.follow();
    await expect(items.next()).rejects.toThrow('away');
    expect((await items.next()).done).toBe(true);
    expect(rows.listeners).toBe(0);
  });

  test('is subscribed to nothing once its consumer throws', async () => {
    const rows = new Rows();
    rows.add(1);
    await expect(
      (async () => {
        for await (const item of rows.follow()) throw new Error(`refused ${item}`);
      })(),
    ).rejects.toThrow('refused 1');
    expect(rows.listeners).toBe(0);
  });
});
