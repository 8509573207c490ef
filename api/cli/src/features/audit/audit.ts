import { allPages } from '../../kernel/all-pages.js';
import type { Cli } from '../../kernel/cli.js';
import { EXIT } from '../../kernel/cli-error.js';
import { actorText } from '../../ui/actor-text.js';
import { relativeTime } from '../../ui/times.js';
import { detailText } from './entry-text.js';
import { findActor, findTarget, targetNames, targetText } from './entry-names.js';
import { ListAudit, VerifyAudit } from './audit.operations.js';

export interface AuditOptions {
  action?: string;
  actor?: string;
  target?: string;
  search?: string;
  from?: Date;
  to?: Date;
  limit: number;
}

export async function listAudit(cli: Cli, options: AuditOptions): Promise<void> {
  const session = await cli.session();
  const { action, actor, target, search, from, to, limit } = options;
  const filter = {
    ...(action !== undefined && { action }),
    ...(actor !== undefined && { actorId: await findActor(session, actor) }),
    ...(target !== undefined && { targetId: await findTarget(session, target) }),
    ...(search !== undefined && { search }),
    ...(from && { from: from.toISOString() }),
    ...(to && { to: to.toISOString() }),
  };
  const entries = await allPages(
    async (page) => (await session.ask(ListAudit, { filter, ...page })).auditEntries,
    limit,
  );
  const names = cli.output.json ? new Map<string, string>() : await targetNames(session, entries);
  await cli.output.answer(entries, () => {
    if (entries.length === 0) return 'No entry fits.\n';
    return cli.output.table(
      [
        { title: 'NUMBER', align: 'right' },
        { title: 'WHEN' },
        { title: 'ACTION' },
        { title: 'BY' },
        { title: 'ON' },
        { title: 'DETAIL' },
      ],
      entries.map(({ sequence, at, action: done, actorKind, actorId, actorPerson, targetKind, targetId, detail }) => [
        String(sequence),
        relativeTime(at),
        done,
        actorText({ kind: actorKind, id: actorId, person: actorPerson }),
        targetText({ targetKind, targetId, detail }, names),
        detailText(detail, { without: ['name'] }),
      ]),
    );
  });
}

/** Ends with 1 where the chain is not whole. */
export async function verifyAudit(cli: Cli): Promise<void> {
  const { verifyAudit: verified } = await (await cli.session()).ask(VerifyAudit, {});
  const { intact, problem, checkedEntries, headSequence, headHash, lastAnchoredSequence, anchorCount } = verified;
  await cli.output.answer(verified, () =>
    cli.output.facts([
      ['audit', intact ? { text: '● intact', tone: 'ok' } : { text: '■ not intact', tone: 'bad' }],
      ['problem', problem && { text: `entry ${problem.sequence}: ${problem.message}`, tone: 'bad' }],
      ['recomputed', checkedEntries === 1 ? '1 entry' : `${checkedEntries} entries`],
      ['last entry', `${headSequence} ${headHash ?? ''}`.trim()],
      ['anchors', anchorCount === 0 ? 'none yet' : `${anchorCount}, up to entry ${lastAnchoredSequence ?? 0}`],
      ['unreadable', verified.unreadableAnchors > 0 ? `${verified.unreadableAnchors} lines beside the anchors` : null],
    ]),
  );
  process.exitCode = intact ? EXIT.ok : EXIT.general;
}
