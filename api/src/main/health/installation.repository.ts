import { LATEST_MIGRATION } from '@pilothouse/db';
import type { Database } from '../../kernel/database/index.js';

/** One figure of the whole installation, of whatever has this state. */
export interface InstallationFigure {
  figure: string;
  state: string;
  count: string;
}

/** Whether the database has seen every migration of this version. */
export async function isMigrated(database: Database): Promise<boolean> {
  const [row] = await database.lookUp<{ seen: boolean }>('select has_migration($1) as seen', [LATEST_MIGRATION]);
  return row?.seen === true;
}

/** @param recent what ended before it is not counted */
export function installationFigures(database: Database, recent: Date): Promise<InstallationFigure[]> {
  return database.lookUp('select figure, state, count from installation_figures($1)', [recent]);
}
