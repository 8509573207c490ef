import type { WriteTransaction } from '../../kernel/database/index.js';
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

/** A fault where what is stored was altered. That is on record once the transaction commits; then the fault is thrown. */
export type Planning = (tx: WriteTransaction) => Promise<PlannedCommand | Fault>;

/**
 * Checks what was chosen. A saved command is read and checked in the transaction that queues it.
 *
 * @throws BAD_USER_INPUT; the returned function also NOT_FOUND.
 */
export function planChoice({ command, templateId }: CommandChoice, templates: TemplateSource): Planning {
  if (command != null && templateId == null) {
    const plan = planCommand(command);
    return async () => ({ plan, template: null });
  }
  if (command == null && templateId != null) {
    return async (tx) => {
      const saved = await templates.find(tx, templateId);
      if (!saved) throw notFound('The template');
      const { id, name } = saved;
      if (saved.command) return { plan: planCommand(saved.command), template: { id, name } };
      tx.audit({ action: 'command-template-refused', target: { kind: 'TEMPLATE', id }, detail: { name } });
      return alteredFault('The template was altered in the database since it was saved, and is not run.');
    };
  }
  throw new Fault('BAD_USER_INPUT', 'Give either command or templateId.');
}

export function alteredFault(what: string): Fault {
  return new Fault('FORBIDDEN', `${what} Nothing was queued, and this is on record.`);
}
