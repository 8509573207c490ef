import { expect, it } from 'vitest';
import { placeGroups } from './find-group.js';

it('names a group by all that it lies in, also where one of them is out of sight or they go in circles', () => {
  const group = (id: string, parentId: string | null) => ({ id, name: id, parentId });
  const paths = (groups: ReturnType<typeof group>[]) => placeGroups(groups).map(({ path }) => path);
  expect(paths([group('a', null), group('b', 'a'), group('c', 'b')])).toEqual(['a', 'a/b', 'a/b/c']);
  expect(paths([group('b', 'hidden')])).toEqual(['b']);
  expect(paths([group('a', 'b'), group('b', 'a')])).toEqual(['b/a', 'a/b']);
});
