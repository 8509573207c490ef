import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostVariables, npmVariables, readEnvironment, variablesOf, type Environment } from './environment.js';

test('nothing needs to be set', () => {
  expect(readEnvironment({})).toMatchObject({
    stateDirectory: '.pilothouse',
    listen: { host: '127.0.0.1', port: 7700 },
    publicUrl: null,
    databaseUrl: null,
    signerSocket: null,
    redisUrl: null,
    metricsToken: null,
    jobsBackend: 'postgresql',
    jobsProcess: 'api',
    tls: null,
    insecureHttp: false,
    allowedOrigins: [],
    databaseRolesFile: null,
    dashboardHost: '127.0.0.1',
    trustedProxies: [],
    logLevel: 'info',
  });
});

test.each([
  ['0.0.0.0:80', { host: '0.0.0.0', port: 80 }],
  ['[::1]:7700', { host: '::1', port: 7700 }],
  ['localhost:0', { host: 'localhost', port: 0 }],
  ['127.0.0.1:65535', { host: '127.0.0.1', port: 65_535 }],
])('listens where %s says', (text, listen) => {
  expect(readEnvironment({ PILOTHOUSE_LISTEN: text }).listen).toEqual(listen);
});

const WRONG: Readonly<Record<string, readonly string[]>> = {
  PILOTHOUSE_STATE_DIR: [''],
  PILOTHOUSE_LISTEN: ['7700', '127.0.0.1', '127.0.0.1:65536', '127.0.0.1:port', '::1:7700', ':7700'],
  PILOTHOUSE_PUBLIC_URL: ['pilot.example', 'ftp://pilot.example', 'javascript:alert(1)'],
  PILOTHOUSE_DATABASE_URL: ['mysql://localhost/x', 'localhost'],
  PILOTHOUSE_SIGNER_SOCKET: ['', 'signer.sock', `/${'x'.repeat(90)}`],
  PILOTHOUSE_REDIS_URL: ['localhost:6379', 'http://localhost:6379'],
  PILOTHOUSE_JOBS_BACKEND: ['', 'mysql'],
  PILOTHOUSE_JOBS_PROCESS: ['', 'jobs'],
  PILOTHOUSE_METRICS_TOKEN: ['', 'fifteen-letters'],
  PILOTHOUSE_INSECURE_HTTP: ['yes', '0', 'true'],
  PILOTHOUSE_LOG_LEVEL: ['trace', 'INFO'],
  PILOTHOUSE_DATABASE_ROLES_FILE: ['', 'roles.json'],
  PILOTHOUSE_TRUSTED_PROXIES: ['proxy.example', '10.0.0.1, 10.0.0.2', '10.0.0.0/33'],
  PILOTHOUSE_DASHBOARD_HOST: [''],
  PILOTHOUSE_DASHBOARD_PORT: ['-1', '65536', 'x'],
};

test.each(Object.entries(WRONG).flatMap(([name, values]) => values.map((value) => [name, value] as const)))(
  '%s=%s is refused by name, without its value',
  (name, value) => {
    let message = '';
    try {
      readEnvironment({ [name]: value });
    } catch (error) {
      ({ message } = error as Error);
    }
    expect(message).toMatch(new RegExp(`^The environment is wrong\\.\\n${name}: \\S`));
    if (value.length > 5) expect(message).not.toContain(value);
  },
);

test('everything that is wrong is named at once', () => {
  const wrong = Object.fromEntries(Object.entries(WRONG).map(([name, [value]]) => [name, value]));
  expect(() => readEnvironment(wrong)).toThrow(
    new RegExp(
      Object.keys(WRONG)
        .map((name) => `(?=[^]*${name}: )`)
        .join(''),
    ),
  );
});

test.each(['PILOTHOUSE_TLS_CERT', 'PILOTHOUSE_TLS_KEY'])('%s alone is refused', (name) => {
  expect(() => readEnvironment({ [name]: 'file.pem' })).toThrow(
    'PILOTHOUSE_TLS_CERT and PILOTHOUSE_TLS_KEY belong together.',
  );
});

test('jobs are queued in Redis where there is one, unless the operator says otherwise', () => {
  const PILOTHOUSE_REDIS_URL = 'redis://localhost';
  expect(readEnvironment({ PILOTHOUSE_REDIS_URL }).jobsBackend).toBe('redis');
  expect(readEnvironment({ PILOTHOUSE_REDIS_URL, PILOTHOUSE_JOBS_BACKEND: 'postgresql' }).jobsBackend).toBe(
    'postgresql',
  );
  expect(() => readEnvironment({ PILOTHOUSE_JOBS_BACKEND: 'redis' })).toThrow('PILOTHOUSE_REDIS_URL must say which');
});

test('what holds a password is read from the file that the operator names', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pilothouse-environment-'));
  const file = join(directory, 'redis-url');
  await writeFile(file, 'redis://:secret@redis:6379\n');
  expect(readEnvironment({ PILOTHOUSE_REDIS_URL_FILE: file })).toMatchObject({
    redisUrl: 'redis://:secret@redis:6379',
    jobsBackend: 'redis',
  });
  await rm(directory, { recursive: true });
});

test('a file that is not there, or says what is said already, is refused', () => {
  expect(() => readEnvironment({ PILOTHOUSE_DATABASE_URL_FILE: '/nowhere/url' })).toThrow(
    'The file that PILOTHOUSE_DATABASE_URL_FILE names cannot be read: /nowhere/url',
  );
  const twice = { PILOTHOUSE_METRICS_TOKEN: 'x'.repeat(16), PILOTHOUSE_METRICS_TOKEN_FILE: '/nowhere/token' };
  expect(() => readEnvironment(twice)).toThrow('set one of them');
});

test('proxies are trusted one by one or by their network', () => {
  expect(readEnvironment({ PILOTHOUSE_TRUSTED_PROXIES: '10.1.0.0/28,::1' }).trustedProxies).toEqual([
    '10.1.0.0/28',
    '::1',
  ]);
});

test.each<[string, Environment]>([
  ['nothing is set', readEnvironment({})],
  [
    'everything is set',
    {
      stateDirectory: '/state',
      listen: { host: '::1', port: 8800 },
      publicUrl: 'https://pilot.example.test',
      databaseUrl: 'postgres://database.example.test/pilothouse',
      databaseRolesFile: '/run/roles.json',
      signerSocket: '/run/signer.sock',
      redisUrl: 'redis://redis.example.test',
      metricsToken: 'm'.repeat(16),
      jobsBackend: 'postgresql',
      jobsProcess: 'own',
      tls: { certificateFile: '/tls/cert.pem', keyFile: '/tls/key.pem' },
      insecureHttp: true,
      allowedOrigins: ['https://one.example.test', 'https://two.example.test'],
      logLevel: 'debug',
      dashboardHost: 'dashboard',
      dashboardPort: 3000,
      proxyCertificateFile: '/tls/proxy.pem',
      trustedProxies: ['10.0.0.0/24', '::1'],
      development: true,
    },
  ],
])('a child process reads the same as its parent where %s', (_what, environment) => {
  expect(readEnvironment(variablesOf(environment))).toEqual(environment);
});

test('child processes are given what is of the host, and no secret of ours or the operator’s', () => {
  expect(
    hostVariables({
      PATH: '/bin',
      HOME: '/root',
      PILOTHOUSE_DATABASE_URL: 'postgres://secret',
      AWS_SECRET: 'x',
      NODE_OPTIONS: '--inspect',
    }),
  ).toEqual({ PATH: '/bin', HOME: '/root' });
});

test('npm is given its own variables and the proxy besides', () => {
  const own = { npm_config_registry: 'https://registry.example', HTTPS_PROXY: 'http://proxy.example', no_proxy: 'x' };
  expect(npmVariables({ ...own, PATH: '/bin', npm_package_name: 'x', AWS_SECRET: 'x' })).toEqual({
    ...own,
    PATH: '/bin',
  });
});
