import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from './lib/root.mjs';

interface Service {
  image: string;
  user: string;
  restart: string;
  read_only?: boolean;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  volumes?: string[];
  networks: string[] | Record<string, { ipv4_address?: string }>;
  ports?: string[];
  healthcheck?: { test: string[] };
  profiles?: string[];
  deploy: { replicas?: number; resources: { limits: { memory: string; pids: number } } };
  [other: string]: unknown;
}

interface Network {
  internal?: boolean;
  enable_ipv6?: boolean;
  ipam?: { config: { subnet: string; ip_range?: string }[] };
}

interface Compose {
  services: Record<string, Service>;
  networks: Record<string, Network | null>;
  secrets: Record<string, { file: string }>;
}

const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as Compose;
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
const services = Object.entries(compose.services);
const ONE_SHOT = ['install', 'migrate'];

describe.each(services)('the container of %s', (name, service) => {
  test('may do nothing that it need not', () => {
    expect(service.read_only).toBe(true);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.cap_add ?? []).toEqual(name === 'proxy' ? ['NET_BIND_SERVICE'] : []);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(Number(service.user.split(':')[0])).toBeGreaterThan(0);
    for (const key of [
      'privileged',
      'ulimits',
      'devices',
      'pid',
      'ipc',
      'network_mode',
      'oom_score_adj',
      'userns_mode',
    ]) {
      expect(service).not.toHaveProperty(key);
    }
  });

  test('has limits, and something that asks how it is', () => {
    expect(service.deploy.resources.limits).toEqual({
      memory: expect.stringMatching(/^\d+[mg]$/),
      pids: expect.any(Number),
    });
    if (!ONE_SHOT.includes(name)) expect(service.healthcheck?.test.join(' ')).toMatch(/^CMD(?!.*object Object)/);
    expect(service.restart).toBe(ONE_SHOT.includes(name) ? 'no' : 'unless-stopped');
  });

  test('is given its secrets as files', () => {
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      if (/PASSWORD|TOKEN|SECRET|ROLES|REDIS_URL/.test(variable)) expect(variable).toMatch(/_FILE$/);
      expect(value).not.toMatch(/:\/\/[^/]*@/);
    }
    for (const secret of service.secrets ?? []) expect(compose.secrets).toHaveProperty([secret]);
  });

  test('mounts nothing of the host', () => {
    for (const volume of service.volumes ?? []) expect(volume).toMatch(/^[a-z-]+:\//);
  });

  test('is of an image of one version', () => {
    expect(service.image).toMatch(/:(\$\{PILOTHOUSE_VERSION:-local\}|\d+\.\d+\.\d+\S*)$/);
  });
});

const withSecret = (secret: string) => services.filter(([, s]) => s.secrets?.includes(secret)).map(([name]) => name);
const withVolume = (volume: string) =>
  services.filter(([, s]) => s.volumes?.some((mount) => mount.startsWith(`${volume}:`))).map(([name]) => name);
const networksOf = ({ networks }: Service) => (Array.isArray(networks) ? networks : Object.keys(networks));
const inNetwork = (network: string) =>
  services.filter(([, s]) => networksOf(s).includes(network)).map(([name]) => name);

test('the command key is mounted by the signer, and by the installation that makes it', () => {
  expect(withVolume('command-key')).toEqual(['install', 'signer']);
  expect(withSecret('signer-roles.json')).toEqual(['signer']);
  expect(compose.services['signer']?.environment?.['PILOTHOUSE_DATABASE_ROLES_FILE']).toMatch('/signer-roles.json');
  expect(withVolume('signer-socket')).toEqual(['signer', 'api', 'jobs']);
});

test('whoever serves people and agents knows no password of an administrator and of no other part', () => {
  expect(withSecret('database-url')).toEqual(['install', 'migrate']);
  expect(withSecret('database-password')).toEqual(['database']);
  expect(withSecret('database-roles.json')).toEqual(['install', 'migrate']);
  expect(compose.services['dashboard']?.secrets).toBeUndefined();
  expect(compose.services['dashboard']?.volumes).toBeUndefined();
  expect(compose.services['proxy']?.secrets).toBeUndefined();
});

test('the password of the jobs’ role is given to the jobs, and to no replica of the api', () => {
  const rolesFileOf = (name: string) => compose.services[name]?.environment?.['PILOTHOUSE_DATABASE_ROLES_FILE'];
  expect(withSecret('jobs-roles.json')).toEqual(['jobs']);
  expect(rolesFileOf('jobs')).toBe('/run/secrets/jobs-roles.json');
  expect(withSecret('api-roles.json')).toEqual(['api']);
  expect(rolesFileOf('api')).toBe('/run/secrets/api-roles.json');
});

test('the jobs, which serve nobody, are told nothing that is for whoever serves', () => {
  expect(Object.keys(compose.services['jobs']?.environment ?? {}).sort()).toEqual([
    'PILOTHOUSE_DATABASE_ROLES_FILE',
    'PILOTHOUSE_DATABASE_URL',
    'PILOTHOUSE_LOG_LEVEL',
    'PILOTHOUSE_REDIS_URL_FILE',
    'PILOTHOUSE_SIGNER_SOCKET',
  ]);
  expect(compose.services['jobs']?.secrets).toEqual(['jobs-roles.json', 'redis-url']);
  expect(withSecret('metrics-token')).toEqual(['api']);
});

test('one address is believed about clients: the proxy’s, which no other container can be given', () => {
  const told = compose.services['api']?.environment?.['PILOTHOUSE_TRUSTED_PROXIES'] ?? '';
  expect(told).toMatch(/^\$\{PILOTHOUSE_PROXY_ADDRESS:\?/);
  expect(compose.services['proxy']?.networks).toMatchObject({ front: { ipv4_address: told } });
  expect(compose.networks['front']?.ipam?.config).toEqual([
    {
      subnet: expect.stringContaining('{PILOTHOUSE_FRONT_NETWORK:?'),
      ip_range: expect.stringContaining('{PILOTHOUSE_FRONT_REPLICAS:?'),
    },
  ]);
});

test('clients of IPv6 are served where the network has it, and never share an address', () => {
  const ipv6 = parse(readFileSync(join(root, 'deploy/compose.ipv6.yml'), 'utf8')) as Compose;
  const wide = (ports: string[] | undefined) => ports?.map((port) => port.replace('[::]', '0.0.0.0'));
  for (const port of compose.services['proxy']?.ports ?? []) expect(port).toMatch(/^0\.0\.0\.0:/);
  for (const port of ipv6.services['proxy']?.ports ?? []) expect(port).toMatch(/^\[::\]:/);
  expect(wide(ipv6.services['proxy']?.ports)).toEqual(compose.services['proxy']?.ports);
  expect(ipv6.networks).toMatchObject({ edge: { enable_ipv6: true } });
  expect(Object.keys(ipv6.networks)).toEqual(['edge']);
});

test('only the proxy is reached from outside, and only it reaches out', () => {
  expect(services.filter(([, { ports }]) => ports).map(([name]) => name)).toEqual(['proxy']);
  expect(inNetwork('edge')).toEqual(['proxy']);
  for (const [name, network] of Object.entries(compose.networks)) {
    if (name !== 'edge') expect(network, name).toMatchObject({ internal: true });
  }
});

test('the networks join who has to talk, and nobody else', () => {
  expect(inNetwork('front')).toEqual(['api', 'proxy']);
  expect(inNetwork('pages')).toEqual(['api', 'dashboard']);
  expect(inNetwork('bus')).toEqual(['redis', 'api', 'jobs']);
  expect(inNetwork('data')).toEqual(['database', 'install', 'migrate', 'signer', 'api', 'jobs']);
});

test('two replicas of the api start', () => {
  expect(compose.services['api']?.deploy.replicas).toBe(2);
});

test('what the installation says, which is a passphrase, is kept in no log', () => {
  expect(compose.services['install']).toMatchObject({ profiles: ['install'], logging: { driver: 'none' } });
});

test('images are built without the network’s say: pinned bases, the lock file, no install scripts', () => {
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base ?? '');
  const stages = [...dockerfile.matchAll(/ AS (\S+)$/gm)].map(([, stage]) => stage);
  for (const base of bases) if (!stages.includes(base)) expect(base).toMatch(/:\d+\.\d+\.\d+-/);
  for (const [line] of dockerfile.matchAll(/npm .*/g)) expect(line).toMatch(/^npm (ci --ignore-scripts|run build)/);
  expect(dockerfile).not.toMatch(/# syntax=|ADD http|curl|wget/);
});

describe('compose-init', () => {
  const places: string[] = [];
  afterAll(() => places.forEach((place) => rmSync(place, { recursive: true })));

  const run = (place: string, ...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'scripts/compose-init.mjs'), '--directory', place, ...args], {
      encoding: 'utf8',
    });

  function made(...args: string[]): { place: string; env: string; secret: (name: string) => string } {
    const place = mkdtempSync(join(tmpdir(), 'pilothouse-compose-'));
    places.push(place);
    expect(run(place, ...args)).toMatchObject({ status: 0, stderr: '' });
    return {
      place,
      env: readFileSync(join(place, '.env'), 'utf8'),
      secret: (name) => readFileSync(join(place, 'secrets', name), 'utf8'),
    };
  }

  test('makes every secret that the file names, behind a directory that nobody else passes', () => {
    const { place } = made('--domain', 'pilot.example');
    const names = Object.values(compose.secrets).map(({ file }) => file.replace('./secrets/', ''));
    expect(readdirSync(join(place, 'secrets')).sort()).toEqual(names.sort());
    expect(statSync(join(place, 'secrets')).mode & 0o777).toBe(0o700);
  });

  test('makes others every time, and writes none of them where settings are', () => {
    const [one, other] = [made('--domain', 'pilot.example'), made('--domain', 'pilot.example')];
    for (const { file } of Object.values(compose.secrets)) {
      const name = file.replace('./secrets/', '');
      expect(one.secret(name)).not.toBe(other.secret(name));
      for (const [value] of one.secret(name).matchAll(/[\w-]{43}/g)) expect(one.env).not.toContain(value);
    }
    expect(one.env).toBe(other.env);
  });

  test('gives api, jobs and signer the passwords of their own roles', () => {
    const { secret } = made('--domain', 'pilot.example');
    const all = JSON.parse(secret('database-roles.json')) as Record<string, string>;
    const { ph_signer, ...others } = all;
    expect(JSON.parse(secret('signer-roles.json'))).toEqual({ ph_signer });
    expect(JSON.parse(secret('jobs-roles.json'))).toEqual(others);
    expect(Object.keys(JSON.parse(secret('api-roles.json')) as object)).toEqual(['ph_app', 'ph_telemetry_writer']);
    expect(others).toMatchObject(JSON.parse(secret('api-roles.json')) as object);
    expect(Object.keys(all).sort()).toEqual(['ph_app', 'ph_jobs', 'ph_signer', 'ph_telemetry_writer']);
  });

  test('has agents pin a certificate of its own, unless a public authority is to vouch for it', () => {
    const own = made('--domain', '192.0.2.1', '--https-port', '8443').env;
    expect(own).toMatch(/^PILOTHOUSE_PUBLIC_URL='https:\/\/192\.0\.2\.1:8443'$/m);
    expect(own).toMatch(/^PILOTHOUSE_PROXY_CERT='\/var\/lib\/pilothouse\/tls\/certificate\.pem'$/m);
    const vouched = made('--domain', 'pilot.example', '--email', 'who@example.org').env;
    expect(vouched).toMatch(/^PILOTHOUSE_PROXY_CERT=''$/m);
    expect(vouched).toMatch(/^PILOTHOUSE_TLS='who@example\.org'$/m);
  });

  test.each([
    [[], '10.203.117.0/27', '10.203.117.0/28', '10.203.117.30'],
    [['--front-network', '192.168.9.16/28'], '192.168.9.16/28', '192.168.9.16/29', '192.168.9.30'],
    [['--front-network', '172.20.0.0/16'], '172.20.0.0/16', '172.20.0.0/17', '172.20.255.254'],
  ])('gives the proxy an address that no replica is given: %j', (args, network, replicas, proxy) => {
    const { env } = made('--domain', 'pilot.example', ...args);
    expect(env).toContain(`PILOTHOUSE_FRONT_NETWORK='${network}'\n`);
    expect(env).toContain(`PILOTHOUSE_FRONT_REPLICAS='${replicas}'\n`);
    expect(env).toContain(`PILOTHOUSE_PROXY_ADDRESS='${proxy}'\n`);
  });

  test('names the file for clients of IPv6 where it is asked to', () => {
    expect(made('--domain', 'pilot.example').env).not.toContain('COMPOSE_FILE');
    expect(made('--domain', 'pilot.example', '--ipv6').env).toMatch(
      /^COMPOSE_FILE='docker-compose\.yml:deploy\/compose\.ipv6\.yml'$/m,
    );
  });

  test('never touches what is there', () => {
    const { place, env } = made('--domain', 'pilot.example');
    expect(run(place, '--domain', 'other.example')).toMatchObject({ status: 2 });
    expect(readFileSync(join(place, '.env'), 'utf8')).toBe(env);
  });

  test.each([
    [[]],
    [['--domain', "x' y"]],
    [['--domain', '-x']],
    [['--domain', '192.0.2.1', '--email', 'who@example.org']],
    [['--domain', 'pilot.example', '--email', 'x {']],
    [['--domain', 'pilot.example', '--https-port', '65536']],
    [['--domain', 'pilot.example', '--front-network', '10.203.117.0/29']],
    [['--domain', 'pilot.example', '--front-network', '10.0.0.0/15']],
    [['--domain', 'pilot.example', '--front-network', '10.203.117.1/27']],
    [['--domain', 'pilot.example', '--front-network', 'fd00::/64']],
    [['--domain', 'pilot.example', '--front-network', '10.203.117.0']],
    [['--domain', 'pilot.example', '--unknown']],
  ])('refuses %j and makes nothing', (args) => {
    const place = mkdtempSync(join(tmpdir(), 'pilothouse-compose-'));
    places.push(place);
    expect(run(place, ...args)).toMatchObject({ status: 2 });
    expect(readdirSync(place)).toEqual([]);
  });

  test('what it makes is kept out of the repository and out of images', () => {
    const lines = (name: string) => readFileSync(join(root, name), 'utf8').split('\n');
    expect(lines('.gitignore')).toEqual(expect.arrayContaining(['.env', 'secrets/']));
    expect(lines('.dockerignore')).toEqual(expect.arrayContaining(['.env', 'secrets', '.git']));
  });
});
