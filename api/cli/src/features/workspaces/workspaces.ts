import { randomUUID } from 'node:crypto';
import { certificatePin } from '../../kernel/address.js';
import { allPages } from '../../kernel/all-pages.js';
import type { Cli } from '../../kernel/cli.js';
import { EXIT, refused } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import { onlyOne, withIdLike } from '../../kernel/find-id.js';
import { word } from '../../input/choice.js';
import { relativeTime } from '../../ui/times.js';
import { WhoAmI } from '../people/people.operations.js';
import {
  AcceptInvitation,
  CreateWorkspace,
  ListWorkspaces,
  RenameWorkspace,
  ShowInvitation,
} from './workspaces.operations.js';

export async function listWorkspaces(cli: Cli): Promise<void> {
  const session = await cli.session();
  const memberships = await allPages(async (page) => (await session.ask(ListWorkspaces, page)).workspaces);
  const { caller } = await session.ask(WhoAmI, {});
  await cli.output.answer(memberships, () => {
    const short = cli.output.ids(memberships.map(({ workspace }) => workspace.id));
    return cli.output.table(
      [{ title: 'WORKSPACE' }, { title: 'ROLE' }, { title: 'JOINED' }, { title: 'NAME' }],
      memberships.map(({ workspace, role, joinedAt }) => [
        short(workspace.id),
        word(role),
        relativeTime(joinedAt),
        workspace.id === caller.workspace.id
          ? { text: `${workspace.name} (this one)`, tone: 'strong' }
          : workspace.name,
      ]),
    );
  });
}

/** From now on commands are about this workspace. */
export async function selectWorkspace(cli: Cli, given: string): Promise<void> {
  const session = await cli.session();
  const memberships = await allPages(async (page) => (await session.ask(ListWorkspaces, page)).workspaces);
  const workspaces = memberships.map(({ workspace: each }) => each);
  const named = workspaces.filter(({ id, name }) => id === given || name === given);
  const workspace = onlyOne('workspace', given, named.length > 0 ? named : withIdLike(workspaces, given));
  await cli.remember({ workspaceId: workspace.id });
  await cli.output.answer(workspace, () => `Working in ${workspace.name} from now on.\n`);
}

export async function createWorkspace(cli: Cli, name: string): Promise<void> {
  const session = await cli.session();
  const { createWorkspace: created } = await session.ask(CreateWorkspace, {
    input: { name, idempotencyKey: randomUUID() },
  });
  switch (created.__typename) {
    case 'Workspace':
      return cli.output.answer(
        { id: created.id, name: created.name },
        () => `Made ${created.name}. Work in it with ${CALLED} workspaces use ${created.id}.\n`,
      );
    case 'QuotaReached':
      throw refused(created);
  }
}

export async function renameWorkspace(cli: Cli, name: string): Promise<void> {
  const { renameWorkspace: renamed } = await (await cli.session()).ask(RenameWorkspace, { input: { name } });
  await cli.output.answer(renamed, () => `The workspace is called ${renamed.name} now.\n`);
}

export interface JoinOptions {
  name?: string;
  pin?: string;
}

/** Accepts an invitation: as who is signed in, or with a new account. */
export async function joinWorkspace(cli: Cli, code: string, options: JoinOptions): Promise<void> {
  const session = await cli.anonymousSession(options.pin);
  const { invitationOffer: offer } = await session.ask(ShowInvitation, { code });
  const account = offer.hasAccount
    ? {}
    : {
        displayName: options.name ?? (await cli.prompt.text('Your name', { option: '--name' })),
        password: await cli.prompt.newPassword(),
      };
  const { acceptInvitation: accepted } = await session.ask(AcceptInvitation, {
    input: { code, client: 'CLI', ...account },
  });
  switch (accepted.__typename) {
    case 'InvitationAccepted': {
      const { workspace, signedIn } = accepted;
      await cli.remember({
        workspaceId: workspace.id,
        ...(signedIn?.token != null && { token: signedIn.token, email: signedIn.person.email }),
        ...(options.pin !== undefined && { pin: certificatePin(options.pin) }),
      });
      return cli.output.answer({ workspace }, () => `You are in ${workspace.name} now. Next: ${CALLED} servers\n`);
    }
    case 'SignInToAccept':
      throw refused(accepted, EXIT.notSignedIn);
    case 'AlreadyMember':
    case 'InvitationRefused':
      throw refused(accepted);
  }
}
