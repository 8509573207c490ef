import type { Command } from 'commander';
import type { Act } from '../../kernel/act.js';
import type { WorkspaceRole } from '../../gql/graphql.js';
import { choice } from '../../input/choice.js';
import { changeRole, inviteMember, listInvitations, listMembers, removeMember, revokeInvitation } from './members.js';
import { createWorkspace, joinWorkspace, listWorkspaces, renameWorkspace, selectWorkspace } from './workspaces.js';

const ROLES = ['VIEWER', 'DEPLOYER', 'OPERATOR', 'ADMIN', 'OWNER'] as const satisfies readonly WorkspaceRole[];
const role = choice('A role', ROLES);

export function registerWorkspaces(program: Command, act: Act): void {
  const workspaces = program.command('workspaces').description('the workspaces that you are in');
  workspaces.command('list', { isDefault: true }).description('list them').action(act(listWorkspaces));
  workspaces.command('use <workspace>').description('work in this one from now on').action(act(selectWorkspace));
  workspaces.command('create <name>').description('make one, of which you are the owner').action(act(createWorkspace));
  workspaces.command('rename <name>').description('give this one another name').action(act(renameWorkspace));

  const members = program.command('members').description('who belongs to the workspace');
  members.command('list', { isDefault: true }).description('list them').action(act(listMembers));
  members
    .command('invite <email>')
    .description('invite somebody, and print the code to hand over')
    .requiredOption('--role <role>', 'viewer, deployer, operator, admin or owner', role)
    .action(act(inviteMember));
  members
    .command('role <email>')
    .description('give a member another role')
    .argument('<role>', 'viewer, deployer, operator, admin or owner', role)
    .action(act(changeRole));
  members
    .command('remove <email>')
    .description('take a member out')
    .option('--yes', 'do not ask')
    .action(act(removeMember));
  members.command('invitations').description('list open invitations').action(act(listInvitations));
  members.command('uninvite <invitation>').description('take an invitation back').action(act(revokeInvitation));

  program
    .command('join <code>')
    .description('accept an invitation')
    .option('--name <name>', 'your name, for a new account')
    .option('--pin <sha256>', 'fingerprint of the certificate to accept')
    .action(act(joinWorkspace));
}
