import { SESSION_LIMITS } from '@pilothouse/protocol';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../fault.js';
import { makeContext, type Actor, type RequestContext } from '../request-context.js';
import { ACTIONS, type Action } from './actions.js';
import { authorise, mayOnServer } from './authorise.js';
import type { Grant, Role, TokenScope } from './roles.js';

const NOW = new Date('2026-01-01T00:00:00Z');

/**
 * Who may do what, written by hand from the page of roles; never derive it from the code.
 *
 * `yes`: may. `up`: may once the password or second factor has been confirmed. `no`: may not (FORBIDDEN).
 * `in`: has to sign in first (UNAUTHENTICATED). The tokens are an owner's, each with one scope.
 */
const CALLERS = ['stranger', 'viewer', 'deployer', 'operator', 'admin', 'owner', 'read', 'run', 'manage'] as const;
type Answer = 'yes' | 'up' | 'no' | 'in';

// prettier-ignore
const TABLE: Record<Action, readonly Answer[]> = {
  //                        stranger viewer deployer operator admin  owner  read   run    manage
  'installation.read':     ['yes',   'yes', 'yes',   'yes',   'yes', 'yes', 'yes', 'yes', 'yes'],
  'installation.set-up':   ['yes',   'yes', 'yes',   'yes',   'yes', 'yes', 'yes', 'yes', 'yes'],
  'session.start':         ['yes',   'yes', 'yes',   'yes',   'yes', 'yes', 'yes', 'yes', 'yes'],
  'self.read':             ['in',    'yes', 'yes',   'yes',   'yes', 'yes', 'no',  'no',  'no'],
  'self.write':            ['in',    'yes', 'yes',   'yes',   'yes', 'yes', 'no',  'no',  'no'],
  'self.protect':          ['in',    'up',  'up',    'up',    'up',  'up',  'no',  'no',  'no'],
  'caller.read':           ['in',    'yes', 'yes',   'yes',   'yes', 'yes', 'yes', 'no',  'no'],
  'workspace.create':      ['in',    'yes', 'yes',   'yes',   'yes', 'yes', 'no',  'no',  'no'],
  'workspace.read':        ['in',    'yes', 'yes',   'yes',   'yes', 'yes', 'yes', 'no',  'no'],
  'workspace.rename':      ['in',    'no',  'no',    'no',    'yes', 'yes', 'no',  'no',  'yes'],
  'members.read':          ['in',    'yes', 'yes',   'yes',   'yes', 'yes', 'yes', 'no',  'no'],
  'members.write':         ['in',    'no',  'no',    'no',    'up',  'up',  'no',  'no',  'no'],
  'tokens.read':           ['in',    'yes', 'yes',   'yes',   'yes', 'yes', 'no',  'no',  'no'],
  'tokens.write':          ['in',    'up',  'up',    'up',    'up',  'up',  'no',  'no',  'no'],
  'servers.read':          ['in',    'yes', 'yes',   'yes',   'yes', 'yes', 'yes', 'no',  'no'],
  'servers.write':         ['in',    'no',  'no',    'no',    'yes', 'yes', 'no',  'no',  'yes'],
  'servers.enrol':         ['in',    'no',  'no',    'no',    'up',  'up',  'no',  'no',  'no'],
  'groups.write':          ['in',    'no',  'no',    'no',    'yes', 'yes', 'no',  'no',  'yes'],
  'commands.read':         ['in',    'yes', 'yes',   'yes',   'yes', 'yes', 'yes', 'no',  'no'],
  'commands.run':          ['in',    'no',  'no',    'yes',   'yes', 'yes', 'no',  'yes', 'no'],
  'templates.write':       ['in',    'no',  'no',    'yes',   'yes', 'yes', 'no',  'no',  'yes'],
  'metrics.read':          ['in',    'yes', 'yes',   'yes',   'yes', 'yes', 'yes', 'no',  'no'],
  'audit.read':            ['in',    'yes', 'yes',   'yes',   'yes', 'yes', 'yes', 'no',  'no'],
  'audit.verify':          ['in',    'no',  'no',    'no',    'yes', 'yes', 'yes', 'no',  'no'],
};

const user = (steppedUpAt: Date | null): Actor => ({ kind: 'USER', id: 'user', sessionId: 'session', steppedUpAt });
const token = (...scopes: TokenScope[]): Actor => ({ kind: 'API_TOKEN', id: 'token', userId: 'user', scopes });
const STRANGER: Actor = { kind: 'ANONYMOUS', id: null };

function contextOf(actor: Actor, { role = null as Role | null, grants = [] as Grant[] } = {}): RequestContext {
  return makeContext({
    requestId: '',
    actor,
    workspaceId: role === null ? null : 'workspace',
    role,
    grants,
    address: '',
    userAgent: '',
    credential: null,
    now: () => NOW,
  });
}

function callerOf(caller: (typeof CALLERS)[number], steppedUpAt: Date | null): RequestContext {
  if (caller === 'stranger') return contextOf(STRANGER);
  const scope = { read: 'READ', run: 'RUN', manage: 'MANAGE' } as const;
  if (caller === 'read' || caller === 'run' || caller === 'manage') {
    return contextOf(token(scope[caller]), { role: 'OWNER' });
  }
  return contextOf(user(steppedUpAt), { role: caller.toUpperCase() as Role });
}

/** `yes`, or the code of the fault. */
function answerTo(ctx: RequestContext, action: Action): string {
  try {
    authorise(ctx, action);
    return 'yes';
  } catch (error) {
    return (error as Fault).code;
  }
}

const CODES: Record<Answer, { fresh: string; stale: string }> = {
  yes: { fresh: 'yes', stale: 'yes' },
  up: { fresh: 'yes', stale: 'STEP_UP_REQUIRED' },
  no: { fresh: 'FORBIDDEN', stale: 'FORBIDDEN' },
  in: { fresh: 'UNAUTHENTICATED', stale: 'UNAUTHENTICATED' },
};

test('the table names every action that there is', () => {
  expect(Object.keys(TABLE).sort()).toEqual(Object.keys(ACTIONS).sort());
});

describe.each(Object.keys(TABLE) as Action[])('%s', (action) => {
  test.each(CALLERS.map((caller, column) => [caller, TABLE[action][column] as Answer] as const))(
    '%s: %s',
    (caller, answer) => {
      expect(answerTo(callerOf(caller, NOW), action)).toBe(CODES[answer].fresh);
      if (answer === 'no') return;
      expect(answerTo(callerOf(caller, null), action)).toBe(CODES[answer].stale);
    },
  );
});

describe('a confirmation', () => {
  test.each([
    ['just now', 0, 'yes'],
    ['10 minutes ago', SESSION_LIMITS.stepUpMs, 'yes'],
    ['10 minutes and a millisecond ago', SESSION_LIMITS.stepUpMs + 1, 'STEP_UP_REQUIRED'],
  ])('%s', (_when, agoMs, answer) => {
    const ctx = contextOf(user(new Date(NOW.getTime() - agoMs)), { role: 'OWNER' });
    expect(answerTo(ctx, 'servers.enrol')).toBe(answer);
  });
});

describe('outside every workspace', () => {
  test('a person may look after themselves and make a workspace, nothing else', () => {
    const passes = (Object.keys(ACTIONS) as Action[]).filter(
      (action) => answerTo(contextOf(user(NOW)), action) === 'yes',
    );
    expect(passes.sort()).toEqual(
      [
        'installation.read',
        'installation.set-up',
        'session.start',
        'self.read',
        'self.write',
        'self.protect',
        'workspace.create',
      ].sort(),
    );
  });
});

describe('an API token', () => {
  test("never holds more than its person's role", () => {
    const all = token('READ', 'RUN', 'MANAGE');
    expect(answerTo(contextOf(all, { role: 'VIEWER' }), 'servers.read')).toBe('yes');
    expect(answerTo(contextOf(all, { role: 'VIEWER' }), 'commands.run')).toBe('FORBIDDEN');
    expect(answerTo(contextOf(all, { role: 'OPERATOR' }), 'commands.run')).toBe('yes');
    expect(answerTo(contextOf(all, { role: 'OPERATOR' }), 'servers.write')).toBe('FORBIDDEN');
  });

  test('is told which scopes it has where one is missing, and that none will do where there is none', () => {
    const reader = contextOf(token('READ'), { role: 'OWNER' });
    expect(() => authorise(reader, 'commands.run')).toThrow(
      'This token has only the scope read; commands.run needs run.',
    );
    const both = contextOf(token('READ', 'RUN'), { role: 'OWNER' });
    expect(() => authorise(both, 'servers.write')).toThrow('only the scopes read, run; servers.write needs manage.');
    expect(() => authorise(both, 'servers.enrol')).toThrow(
      'No API token has the right servers.enrol. Sign in to do this.',
    );
  });

  test('without a scope may do nothing but what strangers may', () => {
    const passes = (Object.keys(ACTIONS) as Action[]).filter(
      (action) => answerTo(contextOf(token(), { role: 'OWNER' }), action) === 'yes',
    );
    expect(passes.sort()).toEqual(['installation.read', 'installation.set-up', 'session.start']);
  });
});

test.each([
  ['an agent', { kind: 'AGENT', id: 'agent', serverId: 'server' }],
  ['a job', { kind: 'SYSTEM', id: null, job: 'sweep' }],
] satisfies [string, Actor][])('%s may do nothing on the user API but what strangers may', (_who, actor) => {
  const passes = (Object.keys(ACTIONS) as Action[]).filter(
    (action) => answerTo(contextOf(actor, { role: 'OWNER' }), action) === 'yes',
  );
  expect(passes.sort()).toEqual(['installation.read', 'installation.set-up', 'session.start']);
});

describe('a grant', () => {
  const onServer: Grant = { role: 'OPERATOR', serverId: 'granted', tag: null };
  const onTag: Grant = { role: 'OPERATOR', serverId: null, tag: 'web' };
  const viewerWith = (...grants: Grant[]) => contextOf(user(NOW), { role: 'VIEWER', grants });

  test('lets the actions pass that it can stand in for, and no others', () => {
    const ctx = viewerWith(onServer);
    expect(answerTo(ctx, 'commands.run')).toBe('yes');
    for (const action of [
      'servers.write',
      'members.write',
      'groups.write',
      'templates.write',
      'audit.verify',
    ] as const) {
      expect(answerTo(ctx, action)).toBe('FORBIDDEN');
    }
    const admin = viewerWith({ ...onServer, role: 'ADMIN' });
    expect(answerTo(admin, 'servers.write')).toBe('yes');
    expect(answerTo(admin, 'servers.enrol')).toBe('FORBIDDEN');
  });

  test.each([
    ['the server it names', { id: 'granted', tags: [] }, true],
    ['another server', { id: 'other', tags: [] }, false],
    ['a server with another tag', { id: 'other', tags: ['db'] }, false],
    ['a server whose tag is the id', { id: 'other', tags: ['granted'] }, false],
  ])('on a server holds for %s', (_which, server, may) => {
    expect(mayOnServer(viewerWith(onServer), 'commands.run', server)).toBe(may);
  });

  test.each([
    ['a server with the tag', { id: 'any', tags: ['db', 'web'] }, true],
    ['a server without tags', { id: 'any', tags: [] }, false],
    ['a server whose id is the tag', { id: 'web', tags: [] }, false],
    ['a server with a longer tag', { id: 'any', tags: ['webs'] }, false],
  ])('on a tag holds for %s', (_which, server, may) => {
    expect(mayOnServer(viewerWith(onTag), 'commands.run', server)).toBe(may);
  });

  test('too weak for the action gives nothing, and one alone makes nobody a member', () => {
    const server = { id: 'granted', tags: ['web'] };
    expect(mayOnServer(viewerWith({ ...onServer, role: 'DEPLOYER' }), 'commands.run', server)).toBe(false);
    expect(mayOnServer(contextOf(user(NOW), { grants: [onServer] }), 'commands.run', server)).toBe(false);
  });

  test('only adds: a role that is strong enough needs none', () => {
    expect(mayOnServer(contextOf(user(NOW), { role: 'OPERATOR' }), 'commands.run', { id: 'x', tags: [] })).toBe(true);
    const weaker = contextOf(user(NOW), { role: 'ADMIN', grants: [{ ...onServer, role: 'DEPLOYER' }] });
    expect(mayOnServer(weaker, 'servers.write', { id: 'granted', tags: [] })).toBe(true);
  });
});
