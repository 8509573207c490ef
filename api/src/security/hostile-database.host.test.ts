import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashToken, randomToken } from '../kernel/random-token.js';
import { EnrolledAgent, eventually, Operator, TestApi } from '../testing/index.js';

/** Columns that say how far a command has come. */
const AS_NEW = `state = 'QUEUED', held = false, sent_at = null, sent_counter = null, delivered_at = null, started_at = null,
  finished_at = null, exit_code = null, outcome = null, result = null, result_signature = null`;

/**
 * A superuser of the database against the built agent: whatever is written into the tables, the host runs what the
 * signer has signed for it, once.
 *
 * Beside it stand `features/commands/delivery.db.test.ts` (what the control plane itself notices),
 * `features/commands/secrets-at-rest.db.test.ts` (sealed values that were moved or changed) and
 * `features/audit/verification.api.test.ts` (the chain that was rewritten).
 */
describe('a hostile superuser of the database', () => {
  let api: TestApi;
  let operator: Operator;
  let target: EnrolledAgent;
  let other: EnrolledAgent;
  let directory: string;
  let effect: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pilothouse-effects-'));
    api = await TestApi.start();
    operator = new Operator(api, await api.stepUp((await api.setUp()).token));
    target = await EnrolledAgent.start(operator, 'target');
    other = await EnrolledAgent.start(operator, 'other');
    for (const { serverId } of [target, other]) await operator.untilState(serverId, 'ONLINE');
  });
  afterAll(async () => {
    await target?.remove();
    await other?.remove();
    await api?.stop();
    await rm(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    effect = join(directory, uuidv7());
    await api.sql('delete from alerts');
  });

  const runOn = ({ serverId }: EnrolledAgent, word = 'ran') =>
    operator.run(serverId, { argv: ['sh', '-c', `echo ${word} >> ${effect}`] }, { whenOffline: 'DELIVER' });
  const effects = () => readFile(effect, 'utf8').catch(() => ''); // no file: nothing ran
  /** As the control plane does for what it has queued itself. */
  const wake = ({ serverId }: EnrolledAgent) => api.controlPlane.parts.bus.publish(`queue:${serverId}`);

  /** Signs a command for the target while its agent is away, and lets the superuser at it. */
  async function whileQueued(tamper: (id: string) => Promise<unknown>): Promise<void> {
    await target.end('SIGKILL');
    const id = await runOn(target);
    await tamper(id);
    target.startAgain();
    await operator.untilState(target.serverId, 'ONLINE');
  }

  async function expectRefused(by: EnrolledAgent): Promise<void> {
    const alert = await eventually(async () => {
      const { server } = await operator.ask('query ($id: ID!) { server(id: $id) { integrityAlert { count } } }', {
        id: by.serverId,
      });
      return server.integrityAlert;
    });
    expect(alert).toEqual({ count: 1 });
    await expectGenuineRuns(by);
    expect(await effects()).toBe('');
  }

  /** What comes later comes after it: commands of a server start in order. */
  async function expectGenuineRuns({ serverId }: EnrolledAgent): Promise<void> {
    const id = await operator.run(serverId, { argv: ['true'] });
    expect(await operator.finished(id)).toMatchObject({ state: 'SUCCEEDED' });
  }

  it('makes no host run what it has changed in the queue', async () => {
    await whileQueued((id) =>
      api.sql(
        `update commands set envelope = convert_to(replace(convert_from(envelope, 'UTF8'), 'echo ran', 'echo bad'), 'UTF8')
          where id = $1`,
        [id],
      ),
    );
    await expectRefused(target);
  });

  it.each(['envelope_signature', 'envelope_key_id'])('makes no host run what has another %s', async (column) => {
    const [genuine] = await api.sql<{ value: unknown }>(
      `select ${column} as value from commands where server_id = $1 and envelope is not null limit 1`,
      [target.serverId],
    );
    await whileQueued((id) =>
      column === 'envelope_key_id'
        ? api.sql('update commands set envelope_key_id = $2 where id = $1', [id, '0'.repeat(16)])
        : api.sql('update commands set envelope_signature = $2 where id = $1', [id, genuine?.value]),
    );
    await expectRefused(target);
  });

  it('makes no host run what was signed for another', async () => {
    await whileQueued((id) => api.sql('update commands set server_id = $2 where id = $1', [id, other.serverId]));
    wake(other);
    await expectRefused(other);
  });

  it('makes no host run a second time what it puts back into the queue', async () => {
    const id = await runOn(target);
    expect(await operator.finished(id)).toMatchObject({ state: 'SUCCEEDED' });
    await api.sql(`update commands set ${AS_NEW} where id = $1`, [id]);
    wake(target);
    expect(await operator.finished(id)).toMatchObject({ state: 'SUCCEEDED' });
    await target.end('SIGKILL');
    await api.sql(`update commands set ${AS_NEW} where id = $1`, [id]);
    target.startAgain();
    expect(await operator.finished(id)).toMatchObject({ state: 'SUCCEEDED' });
    expect(await effects()).toBe('ran\n');
  });

  it('makes no host run a second time what it queues once more under another id', async () => {
    const id = await runOn(target);
    await operator.finished(id);
    await api.sql(
      `insert into commands select (jsonb_populate_record(c, jsonb_build_object('id', uuidv7(), 'sequence', c.sequence + 1000000,
         'idempotency_key', null))).* from commands c where id = $1`,
      [id],
    );
    const copy = 'id in (select id from commands where sequence > 1000000)';
    await api.sql(`update commands set ${AS_NEW} where ${copy}`);
    wake(target);
    await eventually(async () => {
      const [sent] = await api.sql(`select 1 from commands where ${copy} and sent_at is not null`);
      return sent ?? null;
    });
    await expectGenuineRuns(target);
    expect(await effects()).toBe('ran\n');
    await api.sql(`delete from commands where ${copy}`);
  });

  it('that makes itself a session acts as that person, as far as that goes, and is on record', async () => {
    const token = randomToken();
    await api.sql(
      `insert into sessions (id, user_id, token_hash, client, second_factor, created_at, last_used_at, expires_at, address, user_agent)
       select uuidv7(), id, $1, 'CLI', false, now(), now(), now() + interval '1 day', '', 'forged' from users limit 1`,
      [hashToken(token)],
    );
    const forged = new Operator(api, token);
    const id = await forged.run(target.serverId, { argv: ['true'] });
    const [entry] = await api.sql<{ action: string }>('select action from audit_entries where target_id = $1', [id]);
    expect(entry).toEqual({ action: 'command-queued' });
    const stepUp = `mutation ($input: CreateServerInput!) { createServer(input: $input) { __typename } }`;
    const input = { name: 'forged', profile: 'FULL_ACCESS', idempotencyKey: 'forged' };
    await expect(forged.ask(stepUp, { input })).rejects.toMatchObject({ code: 'STEP_UP_REQUIRED' });
  });
});
