import type { Command } from 'commander';
import type { Act } from '../../kernel/act.js';
import { durationMs } from '../../input/duration.js';
import { listed } from '../../input/lists.js';
import { wholeNumber } from '../../input/numbers.js';
import { expiry, programOptions } from '../commands/program-options.js';
import { listRuns, showRun, startRun, stopRun } from './runs.js';

export function registerRuns(program: Command, act: Act): void {
  const runs = program.command('runs').description('one command on many servers');
  programOptions(
    runs
      .command('start [argv...]', { isDefault: true })
      .usage('[options] -- PROGRAM [ARGUMENT...]')
      .description('run a command on many servers, and show how it ended'),
  )
    .option('--server <server>', 'on this server; may be repeated', listed)
    .option('--tag <tag>', 'on servers with this tag; may be repeated', listed)
    .option('--group <group>', 'on servers of this group and those inside it; may be repeated', listed)
    .option('--all', 'on every server on which you may run commands')
    .option('--exclude <server>', 'not on this server; may be repeated', listed)
    .option(
      '--batch <number>',
      'servers at a time; all at once if not given',
      wholeNumber('--batch', { min: 1, max: 1000 }),
    )
    .option('--canary <number>', 'a first batch of so many servers', wholeNumber('--canary', { min: 1, max: 1000 }))
    .option('--pause <duration>', 'between batches', (text) => durationMs(text, { min: '0s', max: '1h' }))
    .option(
      '--max-failures <number>',
      'stop after so many failures',
      wholeNumber('--max-failures', { min: 1, max: 1000 }),
    )
    .option('--deliver-when-back', 'on servers that are offline, run it when they are back')
    .option('--expires <duration>', 'how long commands may wait; 24h if not given', expiry)
    .option('--preview', 'only show where it would run')
    .option('--detach', 'print the run’s id and do not wait')
    .action(act(startRun));
  runs
    .command('list')
    .description('list runs, the newest first')
    .option('--limit <number>', 'how many', wholeNumber('--limit', { min: 1, max: 10_000 }), 20)
    .action(act(listRuns));
  runs.command('show <run>').description('a run and its results so far').action(act(showRun));
  runs.command('stop <run>').description('take back what was not sent, and end the rest').action(act(stopRun));
}
