import type { Command } from 'commander';
import type { Act } from '../../kernel/act.js';
import type { CommandState } from '../../gql/graphql.js';
import { choice } from '../../input/choice.js';
import { listed } from '../../input/lists.js';
import { wholeNumber } from '../../input/numbers.js';
import { COMMAND_STATES } from '../../ui/state-words.js';
import { cancelCommand, listCommands, showCommand, showLogs } from './history.js';
import { expiry, programOptions } from './program-options.js';
import { rerunCommand, runCommand } from './run-command.js';

const states = Object.keys(COMMAND_STATES) as CommandState[];
const state = (text: string, before: CommandState[] = []) => [
  ...before,
  ...listed(text).map(choice('A state', states)),
];

export function registerCommands(program: Command, act: Act): void {
  programOptions(
    program
      .command('run <server> [argv...]')
      .usage('[options] SERVER -- PROGRAM [ARGUMENT...]')
      .description('run a command on one server, and end with its exit code'),
  )
    .option('--detach', 'print its id and do not wait')
    .option('--deliver-when-back', 'if the server is offline, run it when it is back')
    .option('--expires <duration>', 'how long it may wait; 24h if not given', expiry)
    .action(act(runCommand));
  program
    .command('logs <command>')
    .description('output of a command')
    .option('-f, --follow', 'go on until its end')
    .action(act(showLogs));
  program.command('cancel <command>').description('ask for a command’s end').action(act(cancelCommand));
  registerHistory(program, act);
}

function registerHistory(program: Command, act: Act): void {
  const commands = program.command('commands').description('the history of commands');
  commands
    .command('list', { isDefault: true })
    .description('list them, the newest first')
    .option('--server <server>', 'of this server; may be repeated', listed)
    .option('--state <state>', 'in this state; may be repeated', state)
    .option('--run <run>', 'of this run')
    .option('--search <text>', 'whose program or script contains this')
    .option('--undelivered', 'only those that could not be delivered, or whose outcome is not known')
    .option('--limit <number>', 'how many', wholeNumber('--limit', { min: 1, max: 10_000 }), 50)
    .action(act(listCommands));
  commands.command('show <command>').description('all about one command').action(act(showCommand));
  commands
    .command('rerun <command>')
    .description('run it again on the same server')
    .option('--detach', 'print its id and do not wait')
    .option('--deliver-when-back', 'if the server is offline, run it when it is back')
    .action(act(rerunCommand));
}
