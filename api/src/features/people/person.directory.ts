import type { Database } from '../../kernel/database/index.js';
import { loaderOf } from '../../kernel/graphql/loader.js';
import { isId } from '../../kernel/ids.js';
import type { RequestContext } from '../../kernel/request-context.js';
import type { PersonRepository } from './person.repository.js';
import type { Person } from './person.types.js';

/** People for other features. */
export class PersonDirectory {
  constructor(private readonly parts: { database: Database; people: PersonRepository }) {}

  /** The member of the workspace whose id, or whose API token's, it is. Asked for together, found together. */
  async behind(ctx: RequestContext, actorId: string): Promise<Person | null> {
    return isId(actorId) ? loaderOf(ctx, this.loadMany).load(actorId) : null;
  }

  private readonly loadMany = async (ctx: RequestContext, actorIds: readonly string[]): Promise<(Person | null)[]> => {
    const { database, people } = this.parts;
    const rows = await database.read(ctx, (tx) => people.behind(tx, actorIds));
    const found = new Map(rows.map(({ actorId, ...person }) => [actorId, person]));
    return actorIds.map((id) => found.get(id.toLowerCase()) ?? null);
  };
}
