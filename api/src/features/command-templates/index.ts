/** Command templates: commands that a workspace saves to run again, by name. */
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { SealingKey } from '../../kernel/sealing.js';
import { CommandTemplateDirectory } from './command-template.directory.js';
import { CommandTemplateRepository } from './command-template.repository.js';
import { CommandTemplateResolver } from './command-template.resolver.js';
import { CommandTemplateService } from './command-template.service.js';
import { commandTemplateSubscription } from './command-template.subscription.js';
import { TemplateSeal } from './template.seal.js';

export interface CommandTemplatesParts {
  database: Database;
  bus: EventBus;
  sealing: SealingKey;
}

export function createCommandTemplatesFeature({ database, bus, sealing }: CommandTemplatesParts) {
  const templates = new CommandTemplateRepository();
  const seal = new TemplateSeal(sealing);
  const service = new CommandTemplateService({ database, templates, seal });
  return {
    resolvers: [new CommandTemplateResolver(service), commandTemplateSubscription({ database, bus, templates })],
    directory: new CommandTemplateDirectory(templates, seal),
  };
}
