import type { Command } from 'commander';
import type { Act } from '../../kernel/act.js';
import type { ApiTokenScope } from '../../gql/graphql.js';
import { choice } from '../../input/choice.js';
import { listed } from '../../input/lists.js';
import { wholeNumber } from '../../input/numbers.js';
import { createToken, listTokens, revokeToken } from './tokens.js';

const SCOPES = ['READ', 'RUN', 'MANAGE'] as const satisfies readonly ApiTokenScope[];
const scopes = (text: string, before: ApiTokenScope[] = []) => [
  ...before,
  ...listed(text).map(choice('A scope', SCOPES)),
];

export function registerTokens(program: Command, act: Act): void {
  const tokens = program.command('tokens').description('API tokens, with which programs act for you');
  tokens.command('list', { isDefault: true }).description('list them, the newest first').action(act(listTokens));
  tokens
    .command('create <name>')
    .description('make one, and print it this once')
    .requiredOption('--scope <scope>', 'read, run or manage; may be repeated', scopes)
    .option(
      '--days <number>',
      'days until it ends; it does not end by itself if not given',
      wholeNumber('--days', { min: 1, max: 366 }),
    )
    .action(act(createToken));
  tokens.command('revoke <token>').description('end one, by name or id').action(act(revokeToken));
}
