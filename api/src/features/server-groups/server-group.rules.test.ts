import { describe, expect, test } from 'vitest';
import { ancestorsOf, colourText, GROUP_LIMITS, heightOf, misplacement, type Placed } from './server-group.rules.js';

/** a > b > c, and d beside a. */
const TREE = treeOf({ a: null, b: 'a', c: 'b', d: null });

function treeOf(parents: Record<string, string | null>): Map<string, Placed> {
  return new Map(Object.entries(parents).map(([id, parentId]) => [id, { id, parentId }]));
}

/** A chain g1 > g2 > ... of so many groups. */
function chain(length: number): Map<string, Placed> {
  return treeOf(Object.fromEntries(Array.from({ length }, (_, n) => [`g${n + 1}`, n === 0 ? null : `g${n}`] as const)));
}

describe('the place of a group', () => {
  test('has ancestors up to the top, and a height of what lies in it', () => {
    expect(ancestorsOf('c', TREE)).toEqual(['c', 'b', 'a']);
    expect(ancestorsOf(null, TREE)).toEqual([]);
    expect([heightOf('a', TREE), heightOf('b', TREE), heightOf('c', TREE), heightOf('new', TREE)]).toEqual([
      3, 2, 1, 1,
    ]);
  });

  test('may be anywhere but in itself or below itself', () => {
    expect(misplacement('a', 'd', TREE)).toBeNull();
    expect(misplacement('c', null, TREE)).toBeNull();
    expect(misplacement('a', 'a', TREE)).toBe('CYCLE');
    expect(misplacement('a', 'c', TREE)).toBe('CYCLE');
  });

  test('may be on the eighth level and not on the ninth, counting what lies in it', () => {
    const tree = chain(GROUP_LIMITS.maxDepth);
    expect(misplacement('new', 'g7', tree)).toBeNull();
    expect(misplacement('new', 'g8', tree)).toBe('TOO_DEEP');
    const two = new Map([...tree, ...treeOf({ x: null, y: 'x' })]);
    expect(misplacement('x', 'g6', two)).toBeNull();
    expect(misplacement('x', 'g7', two)).toBe('TOO_DEEP');
  });

  test('can be found out also in a tree that is broken', () => {
    const broken = treeOf({ a: 'b', b: 'a' });
    expect(ancestorsOf('a', broken)).toEqual(['a', 'b']);
  });
});

test('a colour is #rrggbb in small letters', () => {
  expect(colourText(' #AABB09 ')).toBe('#aabb09');
  expect(colourText(null)).toBeNull();
  for (const wrong of ['red', '#abc', '#aabbccdd', 'url(x)', '', '#aabbc\0']) {
    expect(() => colourText(wrong), wrong).toThrow('#rrggbb');
  }
});
