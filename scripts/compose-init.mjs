import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const usage = `Makes .env and secrets/ for docker-compose.yml, once.

  node scripts/compose-init.mjs --domain NAME [--email ADDRESS] [--https-port PORT] [--http-port PORT]
                                [--front-network SUBNET] [--directory DIRECTORY]

  --domain NAME           the name, or address, that people and agents reach Pilothouse by
  --email ADDRESS         get a certificate of Let's Encrypt, which writes here; without it one is made that agents pin
  --https-port PORT       443 if not given; --http-port: 80
  --front-network SUBNET  of the proxy and the replicas; 10.203.117.0/28 if not given
  --directory DIRECTORY   where docker-compose.yml is; this directory if not given
`;

/** The roles of the database that log in, by who is given their passwords. */
const rolesOf = { api: ['ph_app', 'ph_jobs', 'ph_telemetry_writer'], signer: ['ph_signer'] };

/** The certificate that `prepare install` makes, as the proxy and as the api see it. */
const ownCertificate = {
  tls: '/certificate/certificate.pem /certificate/key.pem',
  seenByApi: '/var/lib/pilothouse/tls/certificate.pem',
};

try {
  const { values } = parseArgs({
    options: {
      domain: { type: 'string' },
      email: { type: 'string' },
      'https-port': { type: 'string', default: '443' },
      'http-port': { type: 'string', default: '80' },
      'front-network': { type: 'string', default: '10.203.117.0/28' },
      directory: { type: 'string', default: '.' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) process.stdout.write(usage);
  else init(values);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
  process.exitCode = 2;
}

/**
 * @param {Record<'https-port' | 'http-port' | 'front-network' | 'directory', string> & { domain?: string, email?: string }} options
 */
function init({ domain, email, directory, ...options }) {
  if (domain === undefined || !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(domain)) {
    throw new Error('--domain must be a host name or an IPv4 address.');
  }
  if (email !== undefined && !/^[^\s@{}"]+@[^\s@{}"]+$/.test(email)) throw new Error('--email is no e-mail address.');
  if (email !== undefined && isIP(domain) !== 0) throw new Error("Let's Encrypt needs a --domain that is a name.");
  for (const name of /** @type {const} */ (['https-port', 'http-port'])) {
    if (!/^\d{1,5}$/.test(options[name]) || Number(options[name]) > 65_535) throw new Error(`--${name} is no port.`);
  }
  const place = resolve(directory);
  const made = ['.env', 'secrets'].filter((name) => existsSync(join(place, name)));
  if (made.length > 0)
    throw new Error(`${made.join(' and ')} ${made.length > 1 ? 'are' : 'is'} there already: nothing was changed.`);
  writeSecrets(join(place, 'secrets'));
  const port = options['https-port'] === '443' ? '' : `:${options['https-port']}`;
  const settings = {
    PILOTHOUSE_DOMAIN: domain,
    PILOTHOUSE_PUBLIC_URL: `https://${domain}${port}`,
    PILOTHOUSE_HTTPS_PORT: options['https-port'],
    PILOTHOUSE_HTTP_PORT: options['http-port'],
    PILOTHOUSE_FRONT_NETWORK: options['front-network'],
    PILOTHOUSE_TLS: email ?? ownCertificate.tls,
    PILOTHOUSE_PROXY_CERT: email === undefined ? ownCertificate.seenByApi : '',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(place, '.env'), lines.join(''), { flag: 'wx' });
  process.stdout.write('Made .env and secrets/. Go on with: docker compose run --rm install\n');
}

/** @param {string} directory */
function writeSecrets(directory) {
  const database = secret();
  const redis = secret();
  /** @type {Record<string, string>} */
  const passwords = Object.fromEntries(
    Object.values(rolesOf)
      .flat()
      .map((role) => [role, secret()]),
  );
  const only = (/** @type {readonly string[]} */ roles) =>
    JSON.stringify(Object.fromEntries(roles.map((role) => [role, passwords[role]])));
  mkdirSync(directory, { mode: 0o700 });
  const files = {
    'database-password': database,
    'database-url': `postgres://postgres:${database}@database:5432/pilothouse`,
    'database-roles.json': JSON.stringify(passwords),
    'api-roles.json': only(rolesOf.api),
    'signer-roles.json': only(rolesOf.signer),
    'redis.conf': `requirepass ${redis}\nbind * -::*\nsave ""\nappendonly no\ndir /tmp\nmaxmemory 64mb\nmaxmemory-policy noeviction\n`,
    'redis-url': `redis://:${redis}@redis:6379`,
    'metrics-token': secret(),
  };
  // Nobody but the owner passes the directory; in a container the file's reader is another account.
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(directory, name), content, { flag: 'wx' });
    chmodSync(join(directory, name), 0o444);
  }
}

/** 256 bits, in characters that need no quoting anywhere. */
function secret() {
  return randomBytes(32).toString('base64url');
}
