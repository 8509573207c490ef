import { Client } from 'pg';
import { eventually } from '../../../testing/index.js';

const APPLICATION = 'pilothouse held identity';

/** Those who wait for a lock on an identity, and those of them that do not only hold it. */
const QUEUED = `from pg_stat_activity where wait_event_type = 'Lock' and query like '%agent_identities%'
  and datname = current_database()`;
const WAITING = `${QUEUED} and application_name <> '${APPLICATION}'`;

/** Holds an agent's identity in the database, so that whoever is about to change it stands still at that very place. */
export class HeldIdentity {
  private constructor(private readonly client: Client) {}

  /** Resolves when it is held; behind others that wait already, as soon as they have had it. */
  static async hold(adminUrl: string, serverId: string): Promise<HeldIdentity> {
    const client = new Client({ connectionString: adminUrl, application_name: APPLICATION });
    await client.connect();
    await client.query('begin');
    await client.query('select from agent_identities where server_id = $1 for update', [serverId]);
    return new HeldIdentity(client);
  }

  /** Resolves when somebody else stands before it. */
  async untilWaitedFor(): Promise<void> {
    await eventually(async () => (await this.count(`select count(*)::int ${WAITING}`)) || null);
  }

  /** Resolves when so many wait, holders-to-be among them. */
  async untilQueued(waiting: number): Promise<void> {
    await eventually(async () => ((await this.count(`select count(*)::int ${QUEUED}`)) >= waiting ? true : null));
  }

  /** What stands before it never happens. */
  async turnAway(): Promise<void> {
    await this.client.query(`select pg_terminate_backend(pid) ${WAITING}`);
  }

  async release(): Promise<void> {
    await this.client.query('rollback');
    await this.client.end();
  }

  private async count(text: string): Promise<number> {
    // Within a transaction the first look at who waits is kept otherwise.
    await this.client.query('select pg_stat_clear_snapshot()');
    const { rows } = await this.client.query<{ count: number }>(text);
    return rows[0]?.count ?? 0;
  }
}
