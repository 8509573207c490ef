import { format, inspect } from 'node:util';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Credential } from './credential.js';
import { makeContext } from './request-context.js';

test('a credential is shown to nobody who does not ask for it by name', () => {
  const ctx = makeContext({
    requestId: '1',
    actor: { kind: 'ANONYMOUS', id: null },
    workspaceId: null,
    role: null,
    grants: [],
    address: '',
    userAgent: '',
    credential: 'canary',
  });
  let logged = '';
  pino({}, { write: (line: string) => void (logged += line) }).info({ ctx, credential: ctx.credential }, 'all of it');
  const shown = [
    JSON.stringify(ctx),
    inspect(ctx, { depth: 9, showHidden: true }),
    format('%o %j', ctx, ctx),
    `${ctx.credential?.toJSON()}`,
    logged,
  ];
  expect(shown.join()).not.toContain('canary');
  expect(ctx.credential).toBeInstanceOf(Credential);
  expect(ctx.credential!.reveal()).toBe('canary');
});
