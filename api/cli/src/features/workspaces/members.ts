import { randomUUID } from 'node:crypto';
import { allPages } from '../../kernel/all-pages.js';
import type { Cli } from '../../kernel/cli.js';
import { CliError, EXIT, refused } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import { onlyOne, withIdLike } from '../../kernel/find-id.js';
import type { Session } from '../../kernel/session.js';
import type { WorkspaceRole } from '../../gql/graphql.js';
import { word } from '../../input/choice.js';
import { relativeTime } from '../../ui/times.js';
import {
  ChangeMemberRole,
  InviteMember,
  ListInvitations,
  ListMembers,
  RemoveMember,
  RevokeInvitation,
} from './workspaces.operations.js';

export async function listMembers(cli: Cli): Promise<void> {
  const members = await readMembers(await cli.session());
  await cli.output.answer(members, () =>
    cli.output.table(
      [{ title: 'E-MAIL' }, { title: 'ROLE' }, { title: 'JOINED' }, { title: 'NAME' }],
      members.map(({ person, role, joinedAt }) => [
        person.email,
        word(role),
        relativeTime(joinedAt),
        person.displayName,
      ]),
    ),
  );
}

/** The invitation's code alone goes to stdout. */
export async function inviteMember(cli: Cli, email: string, { role }: { role: WorkspaceRole }): Promise<void> {
  const session = await cli.session();
  const { inviteMember: invited } = await session.ask(InviteMember, {
    input: { email, role, idempotencyKey: randomUUID() },
  });
  switch (invited.__typename) {
    case 'MemberInvited': {
      const { code, invitation } = invited;
      if (!cli.output.json) {
        cli.output.note(
          `Invited ${invitation.email} as ${word(role)}. Hand this code over; it is not shown again, and ends ${relativeTime(invitation.expiresAt)}.`,
        );
      }
      return cli.output.answer({ code, invitation }, () => `${code}\n`);
    }
    case 'AlreadyMember':
    case 'InvitationAlreadyMade':
    case 'QuotaReached':
      throw refused(invited);
    case 'RoleBeyondYours':
      throw refused(invited, EXIT.notAllowed);
  }
}

export async function changeRole(cli: Cli, email: string, role: WorkspaceRole): Promise<void> {
  const session = await cli.session();
  const personId = await findMember(session, email);
  const { changeMemberRole: changed } = await session.ask(ChangeMemberRole, { input: { personId, role } });
  switch (changed.__typename) {
    case 'Member':
      return cli.output.answer(
        { person: changed.person, role: changed.role },
        () => `${changed.person.email} is ${word(changed.role)} now.\n`,
      );
    case 'LastOwner':
      throw refused(changed);
    case 'RoleBeyondYours':
      throw refused(changed, EXIT.notAllowed);
  }
}

export async function removeMember(cli: Cli, email: string, options: { yes?: boolean }): Promise<void> {
  const session = await cli.session();
  const personId = await findMember(session, email);
  await cli.prompt.consent(`Take ${email} out of the workspace? Grants and API tokens in it go too.`, {
    yes: options.yes ?? false,
  });
  const { removeMember: removed } = await session.ask(RemoveMember, { input: { personId } });
  switch (removed.__typename) {
    case 'MemberRemoved':
      return cli.output.answer(
        { person: removed.person, removed: true },
        () => `Took ${removed.person.email} out of the workspace.\n`,
      );
    case 'LastOwner':
      throw refused(removed);
    case 'RoleBeyondYours':
      throw refused(removed, EXIT.notAllowed);
  }
}

export async function listInvitations(cli: Cli): Promise<void> {
  const invitations = await readInvitations(await cli.session());
  await cli.output.answer(invitations, () => {
    if (invitations.length === 0)
      return `No open invitations. Make one with ${CALLED} members invite E-MAIL --role operator.\n`;
    const short = cli.output.ids(invitations.map(({ id }) => id));
    return cli.output.table(
      [{ title: 'INVITATION' }, { title: 'E-MAIL' }, { title: 'ROLE' }, { title: 'ENDS' }, { title: 'BY' }],
      invitations.map(({ id, email, role, expiresAt, invitedBy }) => [
        short(id),
        email,
        word(role),
        relativeTime(expiresAt),
        invitedBy.email,
      ]),
    );
  });
}

/** By id, the beginning of it, or the e-mail address. */
export async function revokeInvitation(cli: Cli, given: string): Promise<void> {
  const session = await cli.session();
  const invitations = await readInvitations(session);
  const addressed = invitations.filter(({ email }) => email === given.toLowerCase());
  const found = onlyOne('invitation', given, addressed.length > 0 ? addressed : withIdLike(invitations, given));
  const { revokeInvitation: revoked } = await session.ask(RevokeInvitation, { input: { invitationId: found.id } });
  await cli.output.answer({ id: revoked.id, revoked: true }, () => `Took the invitation ${revoked.id} back.\n`);
}

function readInvitations(session: Session) {
  return allPages(async (page) => (await session.ask(ListInvitations, page)).invitations);
}

export async function readMembers(session: Session) {
  return allPages(async (page) => (await session.ask(ListMembers, page)).members);
}

async function findMember(session: Session, email: string): Promise<string> {
  const members = await readMembers(session);
  const found = members.find(({ person }) => person.email === email.toLowerCase() || person.id === email);
  if (!found) throw new CliError(`${email} is not a member. See ${CALLED} members.`, EXIT.notFound, 'NOT_FOUND');
  return found.person.id;
}
