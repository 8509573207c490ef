import { randomUUID } from 'node:crypto';
import { allPages } from '../../kernel/all-pages.js';
import type { Cli } from '../../kernel/cli.js';
import { refused } from '../../kernel/cli-error.js';
import type { ApiTokenScope } from '../../gql/graphql.js';
import { word } from '../../input/choice.js';
import { relativeTime } from '../../ui/times.js';
import { CreateToken, ListTokens, RevokeToken } from './tokens.operations.js';

export async function listTokens(cli: Cli): Promise<void> {
  const session = await cli.session();
  const tokens = await allPages(async (page) => (await session.ask(ListTokens, page)).apiTokens);
  await cli.output.answer(tokens, () => {
    if (tokens.length === 0) return 'No API tokens. Make one with pilothouse tokens create NAME --scope read.\n';
    return cli.output.table(
      [
        { title: 'TOKEN' },
        { title: 'ENDS WITH' },
        { title: 'SCOPES' },
        { title: 'USED' },
        { title: 'EXPIRES' },
        { title: 'FOR' },
        { title: 'NAME' },
      ],
      tokens.map(({ id, hint, scopes, lastUsedAt, expiresAt, person, name }) => [
        id,
        hint,
        scopes.map(word).join(' '),
        lastUsedAt == null ? 'never' : relativeTime(lastUsedAt),
        expiresAt == null ? 'never' : relativeTime(expiresAt),
        person.email,
        name,
      ]),
    );
  });
}

/** The token alone goes to stdout, so that it can be piped where it belongs. */
export async function createToken(
  cli: Cli,
  name: string,
  options: { scope: ApiTokenScope[]; days?: number },
): Promise<void> {
  const session = await cli.session();
  const { createApiToken: created } = await session.ask(CreateToken, {
    input: {
      name,
      scopes: options.scope,
      idempotencyKey: randomUUID(),
      ...(options.days !== undefined && { expiresInDays: options.days }),
    },
  });
  switch (created.__typename) {
    case 'ApiTokenCreated': {
      const { token, apiToken } = created;
      if (!cli.output.json)
        cli.output.note(`Made ${apiToken.name}. It is not shown again. Programs give it as PILOTHOUSE_TOKEN.`);
      return cli.output.answer({ token, apiToken }, () => `${token}\n`);
    }
    case 'ApiTokenAlreadyMade':
    case 'QuotaReached':
      throw refused(created);
  }
}

export async function revokeToken(cli: Cli, id: string): Promise<void> {
  const { revokeApiToken: revoked } = await (await cli.session()).ask(RevokeToken, { input: { apiTokenId: id } });
  await cli.output.answer({ id: revoked.id, revoked: true }, () => `Revoked the token ${revoked.id}.\n`);
}
