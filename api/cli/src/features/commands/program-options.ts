import type { Command } from 'commander';
import type { Interpreter } from '../../gql/graphql.js';
import { choice } from '../../input/choice.js';
import { durationMs } from '../../input/duration.js';
import { wholeNumber } from '../../input/numbers.js';
import { usageError } from '../../kernel/cli-error.js';
import { environmentVariable } from './command-input.js';

const INTERPRETERS = ['SH', 'BASH'] as const satisfies readonly Interpreter[];

/** How long a command may wait for its server. */
export const expiry = (text: string) => durationMs(text, { min: '1s', max: '7d' });

/** Adds the options that say what a command is made of. */
export function programOptions(command: Command): Command {
  return command
    .exitOverride((error) => {
      if (error.code !== 'commander.unknownOption') throw error;
      // Most likely one of the program's own: `run web-1 ls -l`.
      throw usageError(`${error.message.replace(/^error: u/, 'U')}. Put -- before the program, as in: -- ls -l.`);
    })
    .option('--script <file>', 'run a shell script; - for standard input')
    .option('--interpreter <name>', 'sh or bash, for a script', choice('An interpreter', INTERPRETERS))
    .option('--timeout <duration>', 'as 90s or 1h30m; 10m if not given', (text) =>
      durationMs(text, { min: '100ms', max: '24h' }),
    )
    .option('--user <name>', 'user of the host to run as')
    .option('--cwd <directory>', 'working directory; the user’s home if not given')
    .option('--env <NAME=value>', 'environment variable; may be repeated; no place for secrets', environmentVariable)
    .option('--stdin <file>', 'file for its standard input; what is piped in here if not given')
    .option('--no-stdin', 'give it no standard input')
    .option(
      '--priority <number>',
      'higher starts first, -100 to 100',
      wholeNumber('--priority', { min: -100, max: 100 }),
    )
    .option('--idempotent', 'may be run again after an interruption');
}
