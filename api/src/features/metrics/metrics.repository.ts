import {
  TelemetryReader,
  type History,
  type HistoryRequest,
  type HostFigure,
  type LatestSample,
  type PartHistoryRequest,
  type PartKind,
  type PartSeries,
  type Series,
} from '@pilothouse/db/timeseries';
import type { Transaction } from '../../kernel/database/index.js';

/** What decides whether a caller may see a server's metrics. */
export interface MeasuredServer {
  id: string;
  tags: string[];
}

export interface ServerPage {
  /** Null: all servers. */
  ids: readonly string[] | null;
  afterId: string | null;
  take: number;
}

/** Metrics of the workspace that the transaction has set. */
export class MetricsRepository {
  /** Servers in the order of their ids. */
  servers(tx: Transaction, { ids, afterId, take }: ServerPage): Promise<MeasuredServer[]> {
    return tx.manager.query(
      `select s.id, coalesce((select array_agg(t.tag) from server_tags t where t.server_id = s.id), '{}') as tags
         from servers s
        where s.deleted_at is null and ($1::uuid[] is null or s.id = any ($1::uuid[])) and ($2::uuid is null or s.id > $2::uuid)
        order by s.id limit $3`,
      [ids, afterId, take],
    );
  }

  latest(tx: Transaction, serverIds: readonly string[]): Promise<LatestSample[]> {
    return readerOf(tx).latest(serverIds);
  }

  history(tx: Transaction, request: HistoryRequest): Promise<History<Series<HostFigure>>> {
    return readerOf(tx).history(request);
  }

  partNames(tx: Transaction, serverId: string, kind: PartKind): Promise<string[]> {
    return readerOf(tx).partNames(serverId, kind);
  }

  partHistory(tx: Transaction, request: PartHistoryRequest): Promise<History<PartSeries>> {
    return readerOf(tx).partHistory(request);
  }
}

function readerOf(tx: Transaction): TelemetryReader {
  return new TelemetryReader((sql, parameters) => tx.manager.query(sql, parameters));
}
