import type { AuditEntryEntity } from '@pilothouse/db';
import { z } from 'zod';
import type { Database } from '../../kernel/database/index.js';
import { Fault } from '../../kernel/fault.js';
import { decodeCursor, pageSize, toPage, type Page } from '../../kernel/graphql/connection.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { AuditFilter, AuditRepository } from './audit.repository.js';

const MAX_FILTER_CHARACTERS = 200;
/** Sequences of PostgreSQL's bigint that a number holds exactly. */
const SEQUENCE = /^[1-9]\d{0,15}$/;

type Nullable<T> = { [Key in keyof T]?: T[Key] | null };

export interface AuditListRequest {
  first: number;
  after?: string | null;
  filter?: Nullable<AuditFilter> | null;
}

/** What was done in a workspace, by whom. */
export class AuditService {
  constructor(private readonly parts: { database: Database; repository: AuditRepository }) {}

  /** Newest first. */
  list(ctx: WorkspaceContext, { first, after, filter }: AuditListRequest): Promise<Page<AuditEntryEntity>> {
    const size = pageSize(first);
    const ask = {
      workspaceId: ctx.workspaceId,
      filter: checkedFilter(filter ?? {}),
      beforeSequence: after ? sequenceOf(after) : null,
      take: size + 1,
    };
    return this.parts.database.read(ctx, async (tx) => {
      const rows = await this.parts.repository.page(tx, ask);
      return toPage(rows, size, ({ sequence }) => [String(sequence)]);
    });
  }
}

function checkedFilter({ from, to, ...texts }: Nullable<AuditFilter>): AuditFilter {
  const filter: AuditFilter = { ...(from && { from }), ...(to && { to }) };
  if (from && to && from >= to) throw new Fault('BAD_USER_INPUT', 'from must be before to.');
  for (const name of ['action', 'actorId', 'targetId', 'search'] as const) {
    const text = texts[name];
    if (text === undefined || text === null) continue;
    if (text === '' || text.length > MAX_FILTER_CHARACTERS || text.includes('\0')) {
      throw new Fault(
        'BAD_USER_INPUT',
        `${name} must have 1 to ${MAX_FILTER_CHARACTERS} characters, none of which is NUL.`,
      );
    }
    filter[name] = text;
  }
  return filter;
}

function sequenceOf(cursor: string): number {
  return Number(decodeCursor(cursor, z.tuple([z.string().regex(SEQUENCE)]))[0]);
}
