import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { FINAL_STATES } from '@pilothouse/protocol';
import type { Database, PoolFigures } from '../../kernel/database/index.js';
import type { LiveSockets } from '../../kernel/live-sockets.js';
import { VERSION } from '../composition/version.js';
import { installationFigures } from './installation.repository.js';
import type { Figure } from './prometheus-text.js';
import type { Readiness } from './readiness.js';

export interface FigureSources {
  database: Database;
  pool: () => PoolFigures;
  sockets: LiveSockets;
  readiness: () => Promise<Readiness>;
}

const OPEN_STATES = ['QUEUED', 'DELIVERED', 'RUNNING'] as const;
const RECENT_MS = 5 * 60_000;
const NANOSECONDS = 1e9;
/** How often the event loop is looked at; what is measured contains it. */
const LAG_RESOLUTION_MS = 10;

/** What this replica can say in figures, of itself and of the installation. No names, no ids. */
export class Figures {
  private readonly lag: IntervalHistogram = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });

  constructor(private readonly sources: FigureSources) {}

  start(): void {
    this.lag.enable();
  }

  stop(): void {
    this.lag.disable();
  }

  async read(): Promise<Figure[]> {
    const readiness = await this.sources.readiness();
    return [
      {
        name: 'pilothouse_info',
        help: 'The version of this replica.',
        values: [{ labels: { version: VERSION }, value: 1 }],
      },
      ...readinessFigures(readiness),
      ...this.replicaFigures(),
      ...(readiness.parts.database === 'ok' ? await this.installationFigures().catch(() => []) : []), // It has gone since: the next reading says so.,
    ];
  }

  private replicaFigures(): Figure[] {
    const { sockets, pool } = this.sources;
    const { used, idle, waiting } = pool();
    const { rss, heapUsed } = process.memoryUsage();
    const agents = sockets.agentCount;
    const lag = [50, 99, 100].map((percentile) => ({
      labels: { quantile: String(percentile / 100) },
      value: Math.max(0, this.lag.percentile(percentile) / NANOSECONDS - LAG_RESOLUTION_MS / 1000),
    }));
    this.lag.reset();
    return [
      {
        name: 'pilothouse_sockets',
        help: 'Sockets to this replica.',
        values: [
          { labels: { of: 'agents' }, value: agents },
          { labels: { of: 'people' }, value: sockets.count - agents },
        ],
      },
      {
        name: 'pilothouse_database_connections',
        help: 'Connections of this replica as the app role.',
        values: [
          { labels: { state: 'used' }, value: used },
          { labels: { state: 'idle' }, value: idle },
        ],
      },
      {
        name: 'pilothouse_database_waiting',
        help: 'Requests of this replica that wait for a connection.',
        values: [{ value: waiting }],
      },
      {
        name: 'pilothouse_event_loop_lag_seconds',
        help: 'How late this replica comes to its work, since the figures were read before.',
        values: lag,
      },
      {
        name: 'pilothouse_memory_bytes',
        help: 'Memory of this replica.',
        values: [
          { labels: { kind: 'resident' }, value: rss },
          { labels: { kind: 'heap' }, value: heapUsed },
        ],
      },
    ];
  }

  private async installationFigures(): Promise<Figure[]> {
    const rows = await installationFigures(this.sources.database, new Date(Date.now() - RECENT_MS));
    const of = (wanted: string) => rows.filter(({ figure }) => figure === wanted);
    const byState = (figure: string, states: readonly string[]) =>
      states.map((state) => ({
        labels: { state },
        value: Number(of(figure).find((row) => row.state === state)?.count ?? 0),
      }));
    const single = (figure: string) => [{ value: Number(of(figure)[0]?.count ?? 0) }];
    return [
      {
        name: 'pilothouse_agents_connected',
        help: 'Agents that are connected, to any replica.',
        values: single('agents'),
      },
      {
        name: 'pilothouse_commands',
        help: 'Commands that have not ended, of all workspaces.',
        values: byState('commands', OPEN_STATES),
      },
      {
        name: 'pilothouse_commands_ended_recently',
        help: 'Commands that have ended in the last five minutes, of all workspaces.',
        values: byState('commands ended', FINAL_STATES),
      },
      {
        name: 'pilothouse_instructions_waiting',
        help: 'Instructions besides commands that no agent has received yet.',
        values: single('instructions'),
      },
    ];
  }
}

function readinessFigures({ ready, parts }: Readiness): Figure[] {
  return [
    { name: 'pilothouse_ready', help: 'Whether this replica can work.', values: [{ value: Number(ready) }] },
    {
      name: 'pilothouse_part_ok',
      help: 'Whether what this replica needs is there; a frozen signer is not.',
      values: Object.entries(parts)
        .filter(([, state]) => state !== 'none')
        .map(([part, state]) => ({ labels: { part }, value: Number(state === 'ok') })),
    },
  ];
}
