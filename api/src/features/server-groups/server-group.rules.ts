import { Fault } from '../../kernel/fault.js';

/** Groups are read as a whole tree, so there is a limit to it. */
export const GROUP_LIMITS = { maxDepth: 8, maxPerWorkspace: 1000 } as const;

/** A group as far as its place in the tree goes. */
export interface Placed {
  id: string;
  parentId: string | null;
}

/** The groups from this one up to the top, itself first. Ends also where the tree is broken. */
export function ancestorsOf(id: string | null, groups: ReadonlyMap<string, Placed>): string[] {
  const path: string[] = [];
  for (let next = id; next !== null && groups.has(next) && !path.includes(next);) {
    path.push(next);
    next = groups.get(next)?.parentId ?? null;
  }
  return path;
}

/** How many levels the group and what lies in it take: 1 for a group without groups. */
export function heightOf(id: string, groups: ReadonlyMap<string, Placed>): number {
  let height = 1;
  for (const group of groups.values()) {
    const level = ancestorsOf(group.id, groups).indexOf(id);
    height = Math.max(height, level + 1);
  }
  return height;
}

export type Misplacement = 'CYCLE' | 'TOO_DEEP';

/** Why a group may not lie under `parentId`; null when it may. A group that is not in the map is new. */
export function misplacement(
  id: string,
  parentId: string | null,
  groups: ReadonlyMap<string, Placed>,
): Misplacement | null {
  const above = ancestorsOf(parentId, groups);
  if (above.includes(id)) return 'CYCLE';
  return above.length + heightOf(id, groups) > GROUP_LIMITS.maxDepth ? 'TOO_DEEP' : null;
}

/** A colour as it is stored. @throws BAD_USER_INPUT */
export function colourText(value: string | null): string | null {
  if (value === null) return null;
  const text = value.trim().toLowerCase();
  if (!/^#[0-9a-f]{6}$/.test(text)) throw new Fault('BAD_USER_INPUT', 'colour must be given as #rrggbb.');
  return text;
}
