import type { Transaction } from '../../kernel/database/index.js';
import type { CommandRequest } from './command.plan.js';

/** A saved command, as commands need to know it. */
export interface SavedTemplate {
  id: string;
  name: string;
  /** Null where what is stored is not what was saved. */
  command: CommandRequest | null;
}

/** Finds saved commands of the caller's workspace. */
export interface TemplateSource {
  find(tx: Transaction, id: string): Promise<SavedTemplate | null>;
}
