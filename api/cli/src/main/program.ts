import { Command } from 'commander';
import { registerAudit } from '../features/audit/audit.commands.js';
import { registerCompletion } from '../features/completion/completion.commands.js';
import { registerMetrics } from '../features/metrics/metrics.commands.js';
import { registerTokens } from '../features/tokens/tokens.commands.js';
import { registerWorkspaces } from '../features/workspaces/workspaces.commands.js';
import { registerPeople } from '../features/people/people.commands.js';
import { registerServers } from '../features/servers/servers.commands.js';
import { registerRuns } from '../features/runs/runs.commands.js';
import { registerGroups } from '../features/server-groups/groups.commands.js';
import { registerCommands } from '../features/commands/commands.commands.js';
import type { Act } from '../kernel/act.js';
import { showDefaults } from './default-help.js';

/** In the order of the help. */
const FEATURES = [
  registerPeople,
  registerServers,
  registerGroups,
  registerCommands,
  registerRuns,
  registerMetrics,
  registerAudit,
  registerTokens,
  registerWorkspaces,
  registerCompletion,
];

/** Every command of this program. */
export function buildProgram(act: Act): Command {
  const program = new Command('pilothouse')
    .description('Operate servers through a Pilothouse control plane.')
    .version('0.1.0')
    .option('--json', 'answer in JSON; streams in lines of JSON')
    .option(
      '--url <address>',
      'control plane; else PILOTHOUSE_URL, the last one signed in to, or http://127.0.0.1:7700',
    )
    .option('--workspace <id>', 'workspace to work in')
    .option('--password-stdin', 'read the password, where one is asked for, from standard input')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError(true)
    .exitOverride()
    // Usage errors are said by this program's own words; help goes where commander sends it.
    .configureOutput({ outputError: () => undefined });
  for (const register of FEATURES) register(program, act);
  showDefaults(program);
  return program;
}
