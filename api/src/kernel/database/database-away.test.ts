import { describe, expect, it } from 'vitest';
import { Fault } from '../fault.js';
import { orUnavailable } from './database-away.js';

const failing = (message: string, code?: string) =>
  orUnavailable(() => Promise.reject(Object.assign(new Error(message), { code })));

describe('a database that is away', () => {
  it.each([
    ['starting up', '57P03'],
    ['terminating connection due to administrator command', '57P01'],
    ['terminating connection because of crash of another server process', '57P02'],
    ['too many connections', '53300'],
    ['connection failure', '08006'],
    ['connect', 'ECONNREFUSED'],
    ['read', 'ECONNRESET'],
    ['Connection terminated unexpectedly', undefined],
    ['Client has encountered a connection error and is not queryable', undefined],
  ])('is UNAVAILABLE: %s', async (message, code) => {
    await expect(failing(message, code)).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { message } });
  });

  it('is no excuse for a bug or a broken constraint', async () => {
    await expect(failing('duplicate key', '23505')).rejects.toMatchObject({ code: '23505' });
    await expect(failing('x is not a function')).rejects.not.toBeInstanceOf(Fault);
  });

  it('leaves a fault of the work itself as it is', async () => {
    const fault = new Fault('NOT_FOUND', 'Connection terminated');
    await expect(orUnavailable(() => Promise.reject(fault))).rejects.toBe(fault);
  });
});
