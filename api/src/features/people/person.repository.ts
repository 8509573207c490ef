import type { Transaction } from '../../kernel/database/index.js';
import type { Person } from './person.types.js';

/** People as others of the workspace see them. */
export class PersonRepository {
  /** The members that the ids name, each their own or that of an API token of theirs. */
  behind(tx: Transaction, actorIds: readonly string[]): Promise<(Person & { actorId: string })[]> {
    return tx.manager.query(
      `select a.id as "actorId", u.id, u.email, u.display_name as "displayName"
         from unnest($1::uuid[]) as a(id)
         left join api_tokens t on t.id = a.id
         join users u on u.id = coalesce(t.user_id, a.id)`,
      [actorIds],
    );
  }
}
