import { join } from 'node:path';

/**
 * Settings of a small control plane: a server that stays under 100 MB resident beside Node processes, keeps every
 * acknowledged commit, and is reachable from this host alone. `max_connections` covers the pools of api, jobs,
 * telemetry writer and signer with room for an operator.
 */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '.',
  unix_socket_permissions: '0700',
  password_encryption: 'scram-sha-256',
  max_connections: '60',
  shared_buffers: '96MB',
  effective_cache_size: '512MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_worker_processes: '4',
  max_parallel_workers: '2',
  max_parallel_workers_per_gather: '1',
  autovacuum_max_workers: '2',
  // The first commands of an installation are planned for a table that was empty a moment ago, until it is analysed.
  autovacuum_naptime: '10s',
  io_workers: '1',
  jit: 'off',
  random_page_cost: '1.1',
  wal_level: 'replica',
  max_wal_senders: '0',
  max_logical_replication_workers: '0',
  max_wal_size: '512MB',
  min_wal_size: '80MB',
  checkpoint_completion_target: '0.9',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  logging_collector: 'on',
  log_directory: 'log',
  log_filename: 'postgresql-%a.log',
  log_rotation_age: '1d',
  log_rotation_size: '0',
  log_truncate_on_rotation: 'on',
  log_line_prefix: '%m [%p] %q%u@%d ',
  log_min_error_statement: 'panic', // a failed statement may hold a secret
} as const;

const DURABLE = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' } as const;
const FORGETFUL = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' } as const;

/** `durable: false` is for test clusters that nobody will miss. */
export interface ServerSettings {
  home: string;
  dataDir: string;
  durable: boolean;
}

export function settingsPath(home: string): string {
  return join(home, 'postgresql.conf');
}

export function accessRulesPath(home: string): string {
  return join(home, 'pg_hba.conf');
}

/** The whole configuration file but the port. What initdb found out about the host (shared memory, locale) is included first. */
export function renderSettings({ home, dataDir, durable }: ServerSettings): string {
  const settings = {
    hba_file: accessRulesPath(home),
    ...SETTINGS,
    ...(durable ? DURABLE : FORGETFUL),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quote(value)}`);
  return [
    '# Written by Pilothouse at every start. Use ALTER SYSTEM to change a setting.',
    `include ${quote(join(dataDir, 'postgresql.conf'))}`,
    ...lines,
    '',
  ].join('\n');
}

/** Passwords only, from this host only; no replication. */
export const ACCESS_RULES = ['local all all scram-sha-256', 'host all all 127.0.0.1/32 scram-sha-256', ''].join('\n');

function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
