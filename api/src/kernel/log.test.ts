import { QueryFailedError } from 'typeorm';
import { expect, test } from 'vitest';
import { createLogger } from './log.js';

function logged(write: (log: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  write(createLogger('debug', { write: (line: string) => void (text += line) }));
  return text;
}

const NAMES = [
  'password',
  'token',
  'setupCode',
  'totpCode',
  'recoveryCode',
  'invitationCode',
  'secret',
  'authorization',
  'cookie',
  'credential',
  'stdin',
  'environment',
];

test.each(NAMES)('what is called %s is cut out, wherever it stands', (name) => {
  const secret = { [name]: 'canary', beside: 'shown' };
  const line = logged((log) => log.info({ ...secret, a: { ...secret, b: { c: { d: [secret, [secret]] } } } }, 'text'));
  expect(line).not.toContain('canary');
  expect(line.match(/shown/g)).toHaveLength(4);
  expect(line.match(/\[hidden\]/g)).toHaveLength(4);
});

test('of a failed query the sentence, the stack and the cause are kept, and not the parameters or the row', () => {
  const driverError = Object.assign(new Error('duplicate key value violates unique constraint "users_email"'), {
    code: '23505',
    detail: 'Key (email)=(canary) already exists.',
  });
  const error = new QueryFailedError('insert into users values ($1)', ['canary'], driverError);
  const line = logged((log) => log.error({ err: new Error('outer', { cause: error }) }, 'failed'));
  expect(line).not.toContain('canary');
  expect(JSON.parse(line).err).toMatchObject({
    message: 'outer',
    stack: expect.stringContaining('log.test'),
    cause: { type: 'QueryFailedError', message: expect.stringContaining('users_email'), code: '23505' },
  });
});

test('lines are JSON with a time, and below their level there are none', () => {
  expect(JSON.parse(logged((log) => log.warn({ a: 1 }, 'text')))).toMatchObject({
    level: 40,
    a: 1,
    msg: 'text',
    time: expect.any(String),
  });
  expect(logged((log) => log.trace('text'))).toBe('');
});

test('the code of a fault is kept: it says what went wrong', () => {
  expect(logged((log) => log.info({ code: 'FORBIDDEN' }, 'A request was refused'))).toContain('"code":"FORBIDDEN"');
});
