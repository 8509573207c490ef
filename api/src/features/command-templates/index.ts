/** Command templates: commands that a workspace saves to run again, by name. */
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import { CommandTemplateDirectory } from './command-template.directory.js';
import { CommandTemplateRepository } from './command-template.repository.js';
import { CommandTemplateResolver } from './command-template.resolver.js';
import { CommandTemplateService } from './command-template.service.js';
import { createTemplateChangeResolver } from './template-change.resolver.js';

export function createCommandTemplatesFeature({ database, bus }: { database: Database; bus: EventBus }) {
  const templates = new CommandTemplateRepository();
  const service = new CommandTemplateService({ database, bus, templates });
  return {
    resolvers: [new CommandTemplateResolver(service), createTemplateChangeResolver(service)],
    directory: new CommandTemplateDirectory(templates),
  };
}
