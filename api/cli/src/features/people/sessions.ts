import type { Cli } from '../../kernel/cli.js';
import { allPages } from '../../kernel/all-pages.js';
import { findId } from '../../kernel/find-id.js';
import { counted, relativeTime } from '../../ui/times.js';
import { ListSessions, RevokeSession, SignOutEverywhere } from './people.operations.js';

export async function listSessions(cli: Cli): Promise<void> {
  const session = await cli.session();
  const sessions = await allPages(async (page) => (await session.ask(ListSessions, page)).sessions);
  await cli.output.answer(sessions, () => {
    const short = cli.output.ids(sessions.map(({ id }) => id));
    return cli.output.table(
      [
        { title: 'SESSION' },
        { title: 'CLIENT' },
        { title: 'ADDRESS' },
        { title: 'USED' },
        { title: 'ENDS' },
        { title: 'PROGRAM' },
      ],
      sessions.map(({ id, client, address, lastUsedAt, expiresAt, userAgent, isCurrent }) => [
        short(id),
        client.toLowerCase(),
        address,
        relativeTime(lastUsedAt),
        relativeTime(expiresAt),
        isCurrent ? { text: `${userAgent} (this one)`, tone: 'strong' } : userAgent,
      ]),
    );
  });
}

export async function revokeSession(cli: Cli, given: string): Promise<void> {
  const session = await cli.session();
  const sessionId = await findId('session', given, async (page) => (await session.ask(ListSessions, page)).sessions);
  const { revokeSession: revoked } = await session.ask(RevokeSession, { input: { sessionId } });
  await cli.output.answer({ id: revoked.id, revoked: true }, () => `Ended session ${revoked.id}.\n`);
}

export async function revokeAllSessions(cli: Cli, options: { yes?: boolean }): Promise<void> {
  const session = await cli.session();
  await cli.prompt.consent('End all your sessions, this one too?', { yes: options.yes ?? false });
  const { signOutEverywhere: ended } = await session.ask(SignOutEverywhere, {});
  if (cli.environment.token === null) await cli.remember({ token: null });
  await cli.output.answer(ended, () => `Ended ${counted(ended.sessionsEnded, 'session')}.\n`);
}
