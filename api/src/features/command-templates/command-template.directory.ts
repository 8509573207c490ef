import type { Transaction } from '../../kernel/database/index.js';
import { isId } from '../../kernel/ids.js';
import type { SavedTemplate, TemplateSource } from '../commands/index.js';
import type { CommandTemplateRepository } from './command-template.repository.js';
import type { TemplateSeal } from './template.seal.js';

/** Saved commands, for the feature that runs them. */
export class CommandTemplateDirectory implements TemplateSource {
  constructor(
    private readonly templates: CommandTemplateRepository,
    private readonly seal: TemplateSeal,
  ) {}

  async find(tx: Transaction, id: string): Promise<SavedTemplate | null> {
    const template = isId(id) ? await this.templates.find(tx, id) : null;
    return template && { id, name: template.name, command: this.seal.open(template) };
  }
}
