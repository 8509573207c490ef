import { HOST, PART } from '../tiers.js';

/** One call removes a part with all its history, or so much of one tier. */
const MAX_SPAN = '1 day';

const PART_TABLES = [PART.raw, ...PART.rollups].map(({ table }) => table);
const HOST_TIERS = [
  { table: HOST.raw.table, time: 'time', span: MAX_SPAN },
  ...HOST.rollups.map(({ table }) => ({
    table,
    time: 'bucket',
    span: table === HOST.rollups[0]!.table ? MAX_SPAN : null,
  })),
];

/**
 * Removes what is left of servers that were deleted, a bounded piece in each call. True when nothing is left.
 *
 * A server keeps its newest sample until all else is gone: by that one its telemetry is known to be there.
 */
export function purge(): string {
  return `
    create function telemetry_logic.purge_deleted() returns boolean
      language plpgsql set search_path = pg_catalog, pg_temp as $$
      declare gone int4; gone_part int4; oldest timestamptz;
      begin
        select key into gone from public.deleted_metric_keys() as deleted (key)
         where exists (select from telemetry_raw.server_latest where server_id = key)
            or exists (select from telemetry_raw.part where server_id = key) limit 1;
        if gone is null then return true; end if;
        delete from telemetry_raw.${HOST.dirtyTable} where server_id = gone;
        delete from telemetry_raw.${PART.dirtyTable} where server_id = gone;
        select id into gone_part from telemetry_raw.part where server_id = gone limit 1;
        if gone_part is not null then
          ${PART_TABLES.map(
            (table) => `delete from telemetry_raw.${table} where server_id = gone and part_id = gone_part;`,
          ).join('\n          ')}
          delete from telemetry_raw.part where id = gone_part;
          return false;
        end if;
        ${HOST_TIERS.map(purgeTier).join('')}
        delete from telemetry_raw.server_latest where server_id = gone;
        return false;
      end $$;`;
}

const purgeTier = ({ table, time, span }: (typeof HOST_TIERS)[number]): string => `
        select min(${time}) into oldest from telemetry_raw.${table} where server_id = gone;
        if oldest is not null then
          delete from telemetry_raw.${table}
           where server_id = gone${span === null ? '' : ` and ${time} < oldest + interval '${span}'`};
          return false;
        end if;`;
