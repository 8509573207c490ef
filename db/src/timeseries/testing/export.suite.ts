import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MetricsBackend } from '../metrics.backend.js';
import { batchOf, floorTo, MINUTE, openStore, partAt, sampleAt, SECOND, type TestStore } from './store.kit.js';

export function exportSuite(backend: MetricsBackend): void {
  describe(`export, ${backend.name} driver`, () => {
    let store: TestStore;
    beforeAll(async () => {
      store = await openStore(backend);
    });
    afterAll(() => store.close());

    const exported = async (table: string): Promise<{ count: number; lines: string[] }> => {
      const chunks: string[] = [];
      const sink = new Writable({
        highWaterMark: 64, // smaller than a chunk: every write waits for the drain
        write(chunk, _encoding, done) {
          chunks.push(String(chunk));
          setImmediate(done);
        },
      });
      const count = await backend.exportTo(store.owner, table, sink);
      sink.end();
      return { count, lines: chunks.join('').split('\n').slice(0, -1) };
    };

    test("writes what PostgreSQL's own COPY writes, every row once, of as many partitions as there are", async () => {
      const agent = await store.addAgent();
      const now = floorTo(Date.now(), MINUTE).getTime();
      const times = Array.from({ length: 6000 }, (_, index) => new Date(now - index * 10 * SECOND));
      const names = ['/', 'tab\there', 'back\\slash', 'new\nline', 'quote"d', 'cr\rx', '\\N', 'ü'];
      await store.writeAt(new Date(now), [
        batchOf(agent, {
          samples: times.map((time) => sampleAt(time)),
          parts: names.map((name) => partAt(new Date(now), name)),
        }),
      ]);
      const samples = await exported('host_sample');
      expect(samples.count).toBe(6000);
      expect(new Set(samples.lines).size).toBe(6000);
      expect(samples.lines[0]!.split('\t').slice(-3)).toEqual(['\\N', '\\N', '\\N']);
      const unescape = (field: string): string =>
        field.replace(/\\(.)/g, (_, letter: string) => ({ t: '\t', n: '\n', r: '\r' })[letter] ?? letter);
      const parts = await exported('part');
      expect(parts.lines.map((line) => unescape(line.split('\t')[3]!)).sort()).toEqual([...names].sort());
      await expect(backend.exportTo(store.owner, 'tier; drop table x', new Writable())).rejects.toThrow(
        'There is no table',
      );
    });
  });
}
