import { API_LIMITS } from '@pilothouse/protocol';
import { describe, expect, test } from 'vitest';
import { BEYOND_LIMITS, PROBE, times, WITHIN_LIMITS } from '../../testing/index.js';
import type { Caller, Outcome } from './transports.js';

const nested = (levels: number): string => (levels === 1 ? 'me' : `me { ${nested(levels - 1)} }`);

/** Every limit of documents, just below and just above it, on one transport. */
export function describeLimits(caller: () => Caller, transport: string): void {
  const ask = (query: string, variables: Record<string, unknown> = {}) => caller().ask({ query, variables });
  const expectFault = (answer: Outcome, code: string, sentence: RegExp) =>
    expectFaultOver(transport, caller(), { answer, code, sentence });

  describe('a limit', () => {
    test.each(WITHIN_LIMITS)('allows %s', async (_what, query) => {
      expect((await ask(query)).errors).toBeUndefined();
    });

    test.each(BEYOND_LIMITS)('refuses %s', async (_what, query, code, sentence) => {
      await expectFault(await ask(query), code, sentence);
    });

    test('lets a document be 12 levels deep and not 13', async () => {
      const told = async (levels: number) =>
        (await ask(`{ ${nested(levels)} }`)).errors?.map(({ message }) => message).join();
      expect(await told(API_LIMITS.maxDepth)).not.toMatch(/deeply/);
      expect(await told(API_LIMITS.maxDepth + 1)).toMatch(/nested too deeply: at most 12 levels/);
    });

    test('counts what variables ask for', async () => {
      const query = `query ($first: Int!) { servers(first: $first) { nodes { ${times(99, () => 'id')} } } }`;
      expect((await ask(query, { first: 199 })).errors).toBeUndefined();
      await expectFault(await ask(query, { first: 200 }), 'BAD_USER_INPUT', /costs 20001/);
    });
  });
}

/** That the answer is this fault and nothing else, and that the caller may go on. */
export async function expectFaultOver(
  transport: string,
  caller: Caller,
  { answer, code, sentence }: { answer: Outcome; code: string; sentence: RegExp },
): Promise<void> {
  expect(answer.errors?.map(({ message }) => message).join('\n')).toMatch(sentence);
  expect(new Set(answer.errors?.map(({ extensions }) => extensions.code))).toEqual(new Set([code]));
  expect(answer.errors?.every(({ extensions }) => /^[0-9a-f-]{36}$/.test(extensions.requestId ?? ''))).toBe(true);
  expect(answer.data ?? null).toBeNull();
  expect(answer.status).toBe(transport === 'HTTP' ? 400 : undefined);
  expect((await caller.ask({ query: PROBE })).data.workspace.id).toBeTruthy();
}
