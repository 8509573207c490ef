import type { Command } from 'commander';
import type { Act } from '../../kernel/act.js';
import { moment } from '../../input/duration.js';
import { wholeNumber } from '../../input/numbers.js';
import { listAudit, verifyAudit } from './audit.js';

const SIGN_INS = `
Sign-ins, set-up and keys belong to no workspace: they stand in the chain of the installation, which only whoever runs
the database can read. docs/operations.md says how, under "Sign-ins and set-up".`;

const time = (text: string) => moment(text);

export function registerAudit(program: Command, act: Act): void {
  const audit = program.command('audit').description('who did what, in a chain that shows tampering');
  audit
    .command('list', { isDefault: true })
    .description('list entries, the newest first')
    .option('--action <action>', 'exactly this, as server-created')
    .option('--actor <actor>', 'done by this person, by e-mail address or id, or token')
    .option('--target <target>', 'done to this: a server by name, or an id')
    .option('--search <text>', 'part of the action, the target’s id or the detail')
    .option('--from <time>', 'not before: 1h for an hour ago, or an ISO time', time)
    .option('--to <time>', 'before', time)
    .option('--limit <number>', 'how many', wholeNumber('--limit', { min: 1, max: 100_000 }), 50)
    .addHelpText('after', SIGN_INS)
    .action(act(listAudit));
  audit
    .command('verify')
    .description('recompute the whole chain; ends with 1 and names the first bad entry where it is not whole')
    .action(act(verifyAudit));
}
