import type { Transaction } from '../../kernel/database/index.js';
import { Fault, notFound } from '../../kernel/fault.js';
import { planCommand, type CommandPlan, type CommandRequest } from './command.plan.js';
import type { TemplateSource } from './templates.port.js';

/** What is to be executed: a command, or a saved one by its id. Exactly one of both. */
export interface CommandChoice {
  command?: CommandRequest | null;
  templateId?: string | null;
}

/** A checked command, and the template it comes from. */
export interface PlannedCommand {
  plan: CommandPlan;
  template: { id: string; name: string } | null;
}

/**
 * Checks what was chosen. A saved command is read and checked in the transaction that queues it.
 *
 * @throws BAD_USER_INPUT; the returned function also NOT_FOUND.
 */
export function planChoice(
  { command, templateId }: CommandChoice,
  templates: TemplateSource,
): (tx: Transaction) => Promise<PlannedCommand> {
  if (command != null && templateId == null) {
    const plan = planCommand(command);
    return async () => ({ plan, template: null });
  }
  if (command == null && templateId != null) {
    return async (tx) => {
      const saved = await templates.find(tx, templateId);
      if (!saved) throw notFound('The template');
      return { plan: planCommand(saved.command), template: { id: saved.id, name: saved.name } };
    };
  }
  throw new Fault('BAD_USER_INPUT', 'Give either command or templateId.');
}
