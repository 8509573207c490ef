import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OpenCommand } from './command-ledger.js';
import { CommandQueue } from './command-queue.js';

function command(priority: number, sequence: number): OpenCommand {
  return { intent: { id: `${sequence}`, sequence, arguments: { priority } } } as unknown as OpenCommand;
}

describe('the queue', () => {
  it('gives commands by priority, then by sequence, however they came', () => {
    const wishes = fc.uniqueArray(fc.record({ priority: fc.integer({ min: -3, max: 3 }), sequence: fc.nat() }), {
      selector: (wish) => wish.sequence,
    });
    fc.assert(
      fc.property(wishes, (list) => {
        const queue = new CommandQueue();
        for (const { priority, sequence } of list) queue.add(command(priority, sequence));
        const given: number[] = [];
        for (let next = queue.takeFirst(); next; next = queue.takeFirst()) given.push(next.intent.sequence);
        const expected = [...list].sort((a, b) => b.priority - a.priority || a.sequence - b.sequence);
        expect(given).toEqual(expected.map(({ sequence }) => sequence));
      }),
    );
  });

  it('lets go of a command that is taken back, once', () => {
    const queue = new CommandQueue();
    queue.add(command(0, 1));
    expect(queue.remove('1')).toBe(true);
    expect(queue.remove('1')).toBe(false);
    expect(queue.size).toBe(0);
  });
});
