import { API_LIMITS } from '@pilothouse/protocol';
import { ArgsType, Field, Int, ObjectType, type ClassType } from 'type-graphql';
import { z } from 'zod';
import { Allow } from '../authorisation/index.js';
import { Fault } from '../fault.js';
import { isId } from '../ids.js';
import { isStorable } from '../storable-text.js';

@ArgsType()
export class PageArgs {
  @Field(() => Int, { defaultValue: API_LIMITS.defaultPageSize, description: 'How many to return, at most 200' })
  first!: number;

  @Field(() => String, { nullable: true, description: 'Return what comes after this cursor' })
  after?: string | null;
}

@ObjectType({ description: 'Where a page ends' })
@Allow('PARENT')
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more follow' })
  hasNextPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the last item of this page' })
  endCursor!: string | null;
}

/** One page of a list, as services return it. */
export interface Page<Item> {
  items: readonly Item[];
  /** The sort key of the last item, when more follow. */
  hasNextPage: boolean;
  endCursor: string | null;
}

/** The connection type of a node type: `nodes` and `pageInfo`. */
export function connectionOf<Node extends object>(node: ClassType<Node>, name: string) {
  @ObjectType(`${name}Connection`, { description: `A page of a list of ${name}` })
  @Allow('PARENT')
  class Connection {
    @Field(() => [node], { description: 'The items of this page, in order' })
    nodes!: Node[];

    @Field(() => PageInfo, { description: 'Where this page ends' })
    pageInfo!: PageInfo;
  }
  return Connection;
}

export function toConnection<Item, Node>(page: Page<Item>, toNode: (item: Item) => Node) {
  return {
    nodes: page.items.map(toNode),
    pageInfo: { hasNextPage: page.hasNextPage, endCursor: page.endCursor },
  };
}

/** Checked size of a page. @throws BAD_USER_INPUT outside 1 to 200. */
export function pageSize(first: number): number {
  if (first < 1 || first > API_LIMITS.maxPageSize) {
    throw new Fault('BAD_USER_INPUT', `first must be from 1 to ${API_LIMITS.maxPageSize}.`);
  }
  return first;
}

/** A cursor is opaque to clients: the sort key of the last item, as base64url of a JSON array of texts. */
function encodeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** The sort key in a cursor, as `key` describes it. @throws BAD_USER_INPUT for anything else. */
export function decodeCursor<Key>(cursor: string, key: z.ZodType<Key>): Key {
  const parsed = key.safeParse(parse(cursor));
  if (!parsed.success) throw new Fault('BAD_USER_INPUT', 'The cursor is not one this list has returned.');
  return parsed.data;
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    // Not JSON: refused by the schema above.
    return undefined;
  }
}

/**
 * Cuts a list that was read with one item more than asked for.
 * @param keyOf the sort key of an item.
 */
export function toPage<Item>(
  rows: readonly Item[],
  first: number,
  keyOf: (item: Item) => readonly string[],
): Page<Item> {
  const items = rows.slice(0, first);
  const last = items.at(-1);
  return { items, hasNextPage: rows.length > first, endCursor: last ? encodeCursor(keyOf(last)) : null };
}

/** An id in a sort key. */
const idKey = z.string().refine(isId);
/** A text in a sort key: one that PostgreSQL can compare. */
const textKey = z.string().refine(isStorable);

/** The cursor of a list that is sorted by id alone. @throws BAD_USER_INPUT for anything else. */
export function decodeIdCursor(cursor: string): string {
  return decodeCursor(cursor, z.tuple([idKey]))[0];
}

/** The cursor of a list that is sorted by a text, of `form` if given, and id. @throws BAD_USER_INPUT for anything else. */
export function decodeTextCursor(cursor: string, form: z.ZodType<string> = textKey): { text: string; id: string } {
  const [text, id] = decodeCursor(cursor, z.tuple([form, idKey]));
  return { text, id };
}

/** The sort key of a list that is sorted by time and id. */
export function timeCursor(at: Date, id: string): readonly string[] {
  return [at.toISOString(), id];
}

/** The opposite of `timeCursor`. @throws BAD_USER_INPUT for anything else. */
export function decodeTimeCursor(cursor: string): { at: Date; id: string } {
  const [at, id] = decodeCursor(cursor, z.tuple([z.iso.datetime(), idKey]));
  return { at: new Date(at), id };
}
