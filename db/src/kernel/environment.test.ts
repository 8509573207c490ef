import { expect, test } from 'vitest';
import { readEnvironment } from './environment.js';

test('needs nothing: the state is kept in the working directory', () => {
  expect(readEnvironment({})).toEqual({
    databaseUrl: undefined,
    stateDir: '.pilothouse',
    testPostgresAdminUrl: undefined,
  });
});

test.each(['postgres://admin@db/pilothouse', 'postgresql://admin@db/pilothouse'])('takes the database %s', (url) => {
  expect(readEnvironment({ PILOTHOUSE_DATABASE_URL: url }).databaseUrl).toBe(url);
});

test.each(['', 'db', 'mysql://db/pilothouse'])('refuses %j as a database and names the variable', (url) => {
  expect(() => readEnvironment({ PILOTHOUSE_DATABASE_URL: url })).toThrow('PILOTHOUSE_DATABASE_URL');
});
