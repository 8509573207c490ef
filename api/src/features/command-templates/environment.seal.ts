import type { SealedPlace, SealingKey } from '../../kernel/sealing.js';
import type { SavedCommand, StoredCommand } from './saved-command.js';

type Environment = SavedCommand['environment'];

/** The row of a template as far as its environment goes. */
export interface EnvironmentRow {
  id: string;
  workspaceId: string;
  sealedEnvironment: Buffer | null;
}

/** Keeps the values of a template's environment from who reads the database. */
export class EnvironmentSeal {
  constructor(private readonly sealing: SealingKey) {}

  /** Null for an empty environment. */
  seal(row: Pick<EnvironmentRow, 'id' | 'workspaceId'>, environment: Environment): Buffer | null {
    return environment.length === 0 ? null : this.sealing.seal(Buffer.from(JSON.stringify(environment)), placeOf(row));
  }

  /** The whole command, values and all. @throws when what is sealed was altered */
  open({ command, ...row }: EnvironmentRow & { command: StoredCommand }): SavedCommand {
    const { environmentNames: _, ...open } = command;
    return { ...open, environment: this.environmentOf(row) };
  }

  private environmentOf(row: EnvironmentRow): Environment {
    if (row.sealedEnvironment === null) return [];
    return JSON.parse(this.sealing.open(row.sealedEnvironment, placeOf(row)).toString()) as Environment;
  }
}

function placeOf({ id, workspaceId }: Pick<EnvironmentRow, 'id' | 'workspaceId'>): SealedPlace {
  return { workspaceId, table: 'command_templates', column: 'sealed_environment', row: id, version: 1 };
}
