import { Option, type Command } from 'commander';
import type { Act } from '../../kernel/act.js';
import { choice } from '../../input/choice.js';
import { listed } from '../../input/lists.js';
import { wholeNumber } from '../../input/numbers.js';
import type { PermissionProfileName, ServerOrder, ServerState } from '../../gql/graphql.js';
import {
  addServer,
  editServer,
  moveServers,
  reenrolServer,
  removeServer,
  revokeServer,
  rotateServerKey,
  setMaintenance,
  tagServers,
} from './change-servers.js';
import { acknowledgeAlert } from './integrity-alert.js';
import { listServers, watchServers } from './list-servers.js';
import { showServer } from './show-server.js';

const PROFILES = ['READ_ONLY', 'OPERATOR', 'FULL_ACCESS'] as const satisfies readonly PermissionProfileName[];
const STATES = [
  'ONLINE',
  'DEGRADED',
  'OFFLINE',
  'PENDING',
  'MAINTENANCE',
  'REVOKED',
] as const satisfies readonly ServerState[];
const ORDERS = ['NAME', 'CREATED', 'LAST_SEEN'] as const satisfies readonly ServerOrder[];

const profile = choice('A profile', PROFILES);
const concurrency = wholeNumber('--concurrency', { min: 1, max: 16 });
const state = (text: string, before: ServerState[] = []) => [...before, ...listed(text).map(choice('A state', STATES))];

export function registerServers(program: Command, act: Act): void {
  const servers = program.command('servers').alias('server').description('servers: list, watch, add and change them');
  registerReading(servers, act);
  registerChanges(servers, act);
  registerTrust(servers, act);
}

function registerReading(servers: Command, act: Act): void {
  servers
    .command('list', { isDefault: true })
    .description('list servers')
    .option('--state <state>', 'in this state; may be repeated', state)
    .option('--tag <tag>', 'with every one of these tags', listed)
    .option('--any-tag <tag>', 'with one of these tags', listed)
    .option('--group <group>', 'in this group or one inside it')
    .option('--search <text>', 'in name, description, host name or addresses')
    .option('--order <order>', 'name, created or last-seen; name if not given', choice('An order', ORDERS))
    .action(act(listServers));
  servers.command('show <server>').description('all about one server').action(act(showServer));
  servers.command('watch [server...]').description('print changes as they happen').action(act(watchServers));
}

function registerChanges(servers: Command, act: Act): void {
  servers
    .command('add <name>')
    .description('add a server, and get the line that enrols its agent')
    .requiredOption(
      '--profile <profile>',
      'what it grants: read-only, operator, or full-access (also as any user)',
      profile,
    )
    .option('--description <text>', 'what it is for')
    .option('--group <group>', 'group to put it in')
    .addOption(new Option('--to <group>', 'group to put it in').hideHelp())
    .option('--tag <tag>', 'tag; may be repeated', listed)
    .option('--protected', 'mark it as one to be careful with')
    .option('--concurrency <number>', 'how many commands may run on it at once', concurrency)
    .action(act(addServer));
  servers
    .command('edit <server>')
    .description('change a server')
    .option('--name <name>', 'another name')
    .option('--description <text>', 'what it is for')
    .option('--profile <profile>', 'what it grants: read-only, operator or full-access', profile)
    .option('--protected', 'mark it as one to be careful with')
    .option('--no-protected', 'take that mark away')
    .option('--concurrency <number>', 'how many commands may run on it at once', concurrency)
    .action(act(editServer));
  servers
    .command('tags <server...>')
    .description('give tags to servers and take tags from them')
    .option('--add <tag>', 'tag to give; may be repeated', listed)
    .option('--remove <tag>', 'tag to take away; may be repeated', listed)
    .action(act(tagServers));
  servers
    .command('move <server...>')
    .description('put servers into a group')
    .option('--group <group>', 'the group')
    .addOption(new Option('--to <group>', 'the group').hideHelp())
    .option('--out', 'out of every group')
    .action(act(moveServers));
  servers
    .command('maintenance <server>')
    .description('mark a server as being worked on, or no longer')
    .argument('<mark>', 'on or off', choice('The mark', ['ON', 'OFF']))
    .action(act(setMaintenance));
}

function registerTrust(servers: Command, act: Act): void {
  servers
    .command('acknowledge <server>')
    .description('say that its integrity alert was looked into: it is no longer shown')
    .action(act(acknowledgeAlert));
  servers
    .command('reenrol <server>')
    .description('get a new token: its key was lost, it was revoked, or it moves to another host')
    .option('--replace-online', 'also while its agent is connected')
    .action(act(reenrolServer));
  servers
    .command('rotate-key <server>')
    .description('ask its agent for a new key; the one it has is void once the new one is in use')
    .action(act(rotateServerKey));
  servers
    .command('revoke <server>')
    .description('end trust in its agent')
    .option('--yes', 'do not ask')
    .action(act(revokeServer));
  servers
    .command('remove <server>')
    .description('delete a server that is revoked or was never enrolled')
    .option('--yes', 'do not ask')
    .action(act(removeServer));
}
