import { randomUUID } from 'node:crypto';
import { allPages } from '../../kernel/all-pages.js';
import type { Cli } from '../../kernel/cli.js';
import { refused } from '../../kernel/cli-error.js';
import { onlyOne, withIdLike } from '../../kernel/find-id.js';
import type { Session } from '../../kernel/session.js';
import { CALLED } from '../../kernel/environment.js';
import type { ApiTokenScope } from '../../gql/graphql.js';
import { word } from '../../input/choice.js';
import { relativeTime } from '../../ui/times.js';
import { CreateToken, ListTokens, RevokeToken } from './tokens.operations.js';

export async function listTokens(cli: Cli): Promise<void> {
  const session = await cli.session();
  const tokens = await readTokens(session);
  await cli.output.answer(tokens, () => {
    if (tokens.length === 0) return `No API tokens. Make one with ${CALLED} tokens create NAME --scope read.\n`;
    const short = cli.output.ids(tokens.map(({ id }) => id));
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
        short(id),
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

/** By id, the beginning of it, or the name where only one has it. */
export async function revokeToken(cli: Cli, given: string): Promise<void> {
  const session = await cli.session();
  const token = await findToken(session, given);
  await session.ask(RevokeToken, { input: { apiTokenId: token.id } });
  await cli.output.answer({ id: token.id, revoked: true }, () => `Revoked the token ${token.name}.\n`);
}

async function findToken(session: Session, given: string): Promise<{ id: string; name: string }> {
  const tokens = await readTokens(session);
  const exact = tokens.find(({ id }) => id === given.toLowerCase());
  const named = tokens.filter(({ name }) => name === given);
  return exact ?? onlyOne('token', given, named.length > 0 ? named : withIdLike(tokens, given));
}

function readTokens(session: Session) {
  return allPages(async (page) => (await session.ask(ListTokens, page)).apiTokens);
}
