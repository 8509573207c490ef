import type { Transaction } from '../../kernel/database/index.js';
import { isId } from '../../kernel/ids.js';
import type { SavedTemplate, TemplateSource } from '../commands/index.js';
import type { CommandTemplateRepository } from './command-template.repository.js';

/** Saved commands, for the feature that runs them. */
export class CommandTemplateDirectory implements TemplateSource {
  constructor(private readonly templates: CommandTemplateRepository) {}

  async find(tx: Transaction, id: string): Promise<SavedTemplate | null> {
    return isId(id) ? this.templates.find(tx, id) : null;
  }
}
