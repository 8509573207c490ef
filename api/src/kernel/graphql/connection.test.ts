import { API_LIMITS } from '@pilothouse/protocol';
import { describe, expect, test } from 'vitest';
import { Fault } from '../fault.js';
import { decodeIdCursor, decodeTextCursor, decodeTimeCursor, pageSize, timeCursor, toPage } from './connection.js';

const ID = '018f0000-0000-7000-8000-000000000001';
const encoded = (key: unknown) => Buffer.from(JSON.stringify(key)).toString('base64url');
const refused = (act: () => unknown) => {
  expect(act).toThrow(Fault);
  expect(act).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
};

/** The cursor of a page whose last item has this sort key. */
const cursorOf = (key: readonly string[]) => toPage([key, key], 1, (item) => item).endCursor ?? '';

describe('a cursor', () => {
  test('says where its page ended', () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    expect(decodeIdCursor(cursorOf([ID]))).toBe(ID);
    expect(decodeTextCursor(cursorOf(['straße', ID]))).toEqual({ text: 'straße', id: ID });
    expect(decodeTimeCursor(cursorOf(timeCursor(at, ID)))).toEqual({ at, id: ID });
  });

  const decoders = [decodeIdCursor, decodeTextCursor, decodeTimeCursor];
  const broken = ['', 'x', encoded(null), encoded([]), encoded(['x']), encoded(['a', 'x']), encoded([ID, ID, ID])];

  test.each(decoders.map((decode) => [decode.name, decode]))('is refused by %s when it is none', (_name, decode) => {
    for (const cursor of broken) refused(() => decode(cursor));
  });

  test('is refused when its text is one that the database cannot compare, or its time is none', () => {
    for (const text of ['a\0b', '\ud800']) refused(() => decodeTextCursor(encoded([text, ID])));
    for (const at of ['yesterday', '2026-13-01T00:00:00.000Z']) refused(() => decodeTimeCursor(encoded([at, ID])));
  });
});

describe('a page', () => {
  test('has 1 to as many items as the limit says', () => {
    for (const first of [1, API_LIMITS.maxPageSize]) expect(pageSize(first)).toBe(first);
    for (const first of [-1, 0, API_LIMITS.maxPageSize + 1]) refused(() => pageSize(first));
  });

  test('is cut off what was read beyond it, and says that more follow', () => {
    expect(toPage(['a', 'b'], 2, (item) => [item])).toMatchObject({ items: ['a', 'b'], hasNextPage: false });
    expect(toPage(['a', 'b', 'c'], 2, (item) => [item])).toMatchObject({ items: ['a', 'b'], hasNextPage: true });
    expect(toPage([], 2, () => [])).toEqual({ items: [], hasNextPage: false, endCursor: null });
  });
});
