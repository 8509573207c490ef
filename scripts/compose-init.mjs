import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const usage = `Makes .env and secrets/ for docker-compose.yml, once.

  node scripts/compose-init.mjs --domain NAME [--email ADDRESS] [--https-port PORT] [--http-port PORT]
                                [--front-network SUBNET] [--ipv6] [--directory DIRECTORY]

  --domain NAME           the name, or address, that people and agents reach Pilothouse by
  --email ADDRESS         get a certificate of Let's Encrypt, which writes here; without it one is made that agents pin
  --https-port PORT       443 if not given; --http-port: 80
  --front-network SUBNET  of the proxy and the replicas, from /16 to /28; 10.203.117.0/27 if not given
  --ipv6                  serve clients of IPv6 too, each by its own address; needs Docker 27 and IPv6 on this host
  --directory DIRECTORY   where docker-compose.yml is; this directory if not given
`;

/** The roles of the database that log in, by who is given their passwords. */
const rolesOf = {
  api: ['ph_app', 'ph_telemetry_writer'],
  jobs: ['ph_app', 'ph_jobs', 'ph_telemetry_writer'],
  signer: ['ph_signer'],
};

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
      'front-network': { type: 'string', default: '10.203.117.0/27' },
      ipv6: { type: 'boolean', default: false },
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
 * @param {Record<'https-port' | 'http-port' | 'front-network' | 'directory', string> & { domain?: string, email?: string, ipv6: boolean }} options
 */
function init({ domain, email, ipv6, directory, ...options }) {
  if (domain === undefined || !/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(domain)) {
    throw new Error('--domain must be a host name or an IPv4 address.');
  }
  if (email !== undefined && !/^[^\s@{}"]+@[^\s@{}"]+$/.test(email)) throw new Error('--email is no e-mail address.');
  if (email !== undefined && isIP(domain) !== 0) throw new Error("Let's Encrypt needs a --domain that is a name.");
  for (const name of /** @type {const} */ (['https-port', 'http-port'])) {
    if (!/^\d{1,5}$/.test(options[name]) || Number(options[name]) > 65_535) throw new Error(`--${name} is no port.`);
  }
  const front = addressesOf(options['front-network']);
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
    PILOTHOUSE_FRONT_REPLICAS: front.replicas,
    PILOTHOUSE_PROXY_ADDRESS: front.proxy,
    PILOTHOUSE_TLS: email ?? ownCertificate.tls,
    PILOTHOUSE_PROXY_CERT: email === undefined ? ownCertificate.seenByApi : '',
    ...(ipv6 && { COMPOSE_FILE: 'docker-compose.yml:deploy/compose.ipv6.yml' }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  writeFileSync(join(place, '.env'), lines.join(''), { flag: 'wx' });
  process.stdout.write('Made .env and secrets/. Go on with: docker compose run --rm install\n');
}

/**
 * Docker gives the replicas addresses of the network's first half; the proxy has the last one of the other, which no
 * replica can be given while the proxy is away.
 * @param {string} network
 */
function addressesOf(network) {
  const [address = '', bits = ''] = network.split('/');
  const prefix = Number(bits);
  const first = address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
  const size = 2 ** (32 - prefix);
  if (isIP(address) !== 4 || !/^\d\d$/.test(bits) || prefix < 16 || prefix > 28 || first % size !== 0) {
    throw new Error('--front-network must be an IPv4 network from /16 to /28, by its first address.');
  }
  return { replicas: `${address}/${prefix + 1}`, proxy: textOf(first + size - 2) };
}

/** @param {number} address */
function textOf(address) {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** @param {string} directory */
function writeSecrets(directory) {
  const database = secret();
  const redis = secret();
  /** @type {Record<string, string>} */
  const passwords = Object.fromEntries([...rolesOf.jobs, ...rolesOf.signer].map((role) => [role, secret()]));
  const only = (/** @type {readonly string[]} */ roles) =>
    JSON.stringify(Object.fromEntries(roles.map((role) => [role, passwords[role]])));
  mkdirSync(directory, { mode: 0o700 });
  const files = {
    'database-password': database,
    'database-url': `postgres://postgres:${database}@database:5432/pilothouse`,
    'database-roles.json': JSON.stringify(passwords),
    'api-roles.json': only(rolesOf.api),
    'jobs-roles.json': only(rolesOf.jobs),
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
