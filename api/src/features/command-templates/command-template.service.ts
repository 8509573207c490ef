import type { AuditAction, Database, Transaction, WriteTransaction } from '../../kernel/database/index.js';
import { Fault, notFound } from '../../kernel/fault.js';
import { decodeTextCursor, pageSize, toPage, type Page } from '../../kernel/graphql/connection.js';
import { idOfKey } from '../../kernel/idempotency-key.js';
import { knownId } from '../../kernel/ids.js';
import { Quota, QuotaReached } from '../../kernel/quota.refusal.js';
import { userIdOf, type WorkspaceContext } from '../../kernel/request-context.js';
import { auditDetail, planCommand, type CommandRequest } from '../commands/index.js';
import { descriptionText, searchText, templateName } from './command-template.checks.js';
import { TEMPLATE_LIMITS } from './command-template.limits.js';
import { TemplateEnvironmentNeeded, TemplateNameTaken } from './command-template.refusals.js';
import type { CommandTemplateRepository, TemplateRecord } from './command-template.repository.js';
import { executesTheSame, savedCommand, storedCommand, type SavedCommand } from './saved-command.js';
import type { TemplatePlace, TemplateSeal } from './template.seal.js';

export interface NewCommandTemplate {
  name: string;
  description: string;
  command: CommandRequest;
  idempotencyKey: string;
}

export interface CommandTemplateChanges {
  templateId: string;
  name?: string | null;
  description?: string | null;
  command?: CommandRequest | null;
}

/** Saved commands of a workspace. Running one is the commands feature's, with the rights of who runs it. */
export class CommandTemplateService {
  constructor(
    private readonly parts: {
      database: Database;
      templates: CommandTemplateRepository;
      seal: TemplateSeal;
    },
  ) {}

  async get(ctx: WorkspaceContext, id: string): Promise<TemplateRecord> {
    knownId(id, 'The template');
    return this.parts.database.read(ctx, (tx) => this.mustFind(tx, id));
  }

  async list(
    ctx: WorkspaceContext,
    { first, after, search }: { first: number; after?: string | null; search?: string | null },
  ): Promise<Page<TemplateRecord>> {
    const size = pageSize(first);
    const place = { take: size + 1, after: after ? decodeTextCursor(after) : null, search: searchText(search ?? '') };
    const rows = await this.parts.database.read(ctx, (tx) => this.parts.templates.list(tx, place));
    return toPage(rows, size, (row) => [row.sortKey, row.id]);
  }

  create(ctx: WorkspaceContext, input: NewCommandTemplate): Promise<TemplateRecord | TemplateNameTaken | QuotaReached> {
    const name = templateName(input.name);
    const description = descriptionText(input.description);
    const command = savedCommand(input.command);
    const plan = planCommand(command);
    const createdBy = personOf(ctx);
    const id = idOfKey(input.idempotencyKey, {
      userId: createdBy,
      kind: `command-template:${ctx.workspaceId}`,
    });
    return this.parts.database.write(ctx, async (tx) => {
      const { templates } = this.parts;
      const count = await templates.lockAll(tx, ctx.workspaceId);
      const earlier = await templates.find(tx, id);
      if (earlier) return earlier;
      if (count >= TEMPLATE_LIMITS.maxPerWorkspace) {
        return new QuotaReached(Quota.COMMAND_TEMPLATES, TEMPLATE_LIMITS.maxPerWorkspace);
      }
      if (!(await templates.isNameFree(tx, name, id))) return TemplateNameTaken.of(name);
      const now = ctx.now();
      const times = { createdAt: now, updatedAt: now };
      const row = { id, workspaceId: ctx.workspaceId };
      await templates.insert(tx, { ...row, description, ...this.stored(row, { name, command }), createdBy, ...times });
      note(tx, { action: 'command-template-created', id, detail: { name, ...auditDetail(plan) } });
      return this.mustFind(tx, id);
    });
  }

  /** What is left out stays. A command replaces the whole one, but for an environment that it leaves out. */
  async update(
    ctx: WorkspaceContext,
    { templateId: id, ...input }: CommandTemplateChanges,
  ): Promise<TemplateRecord | TemplateNameTaken | TemplateEnvironmentNeeded> {
    knownId(id, 'The template');
    const newName = input.name == null ? undefined : templateName(input.name);
    const newDescription = input.description == null ? undefined : descriptionText(input.description);
    const outcome = await this.parts.database.write(ctx, async (tx) => {
      const { templates, seal } = this.parts;
      await templates.lockAll(tx, ctx.workspaceId);
      const current = await this.mustFind(tx, id);
      const saved = seal.open(current);
      if (!saved) return refuseAltered(tx, current);
      const name = newName ?? current.name;
      const description = newDescription ?? current.description;
      const command = input.command ? replacement(input.command, saved) : saved;
      if (command instanceof TemplateEnvironmentNeeded) return command;
      const plan = input.command && planCommand(command);
      if (!(await templates.isNameFree(tx, name, id))) return TemplateNameTaken.of(name);
      await templates.update(tx, { id, description, ...this.stored(current, { name, command }), updatedAt: ctx.now() });
      const previousName = name === current.name ? undefined : current.name;
      note(tx, {
        action: 'command-template-updated',
        id,
        detail: { name, previousName, ...(plan && auditDetail(plan)) },
      });
      return this.mustFind(tx, id);
    });
    if (outcome instanceof Fault) throw outcome;
    return outcome;
  }

  delete(ctx: WorkspaceContext, id: string): Promise<{ id: string }> {
    knownId(id, 'The template');
    return this.parts.database.write(ctx, async (tx) => {
      await this.parts.templates.lockAll(tx, ctx.workspaceId);
      const { name } = await this.mustFind(tx, id);
      await this.parts.templates.delete(tx, id);
      note(tx, { action: 'command-template-deleted', id, detail: { name } });
      return { id };
    });
  }

  private stored(place: TemplatePlace, { name, command }: { name: string; command: SavedCommand }) {
    return { name, command: storedCommand(command), sealedContent: this.parts.seal.seal(place, { name, command }) };
  }

  private async mustFind(tx: Transaction, id: string): Promise<TemplateRecord> {
    const template = await this.parts.templates.find(tx, id);
    if (!template) throw notFound('The template');
    return template;
  }
}

/**
 * Who changes a template cannot see the values of its environment, so leaving it out must not lose them; nor may it hand
 * them to another program, which could tell them.
 */
function replacement(command: CommandRequest, current: SavedCommand): SavedCommand | TemplateEnvironmentNeeded {
  const given = savedCommand(command);
  const { environment } = current;
  if (command.environment !== undefined || environment.length === 0) return given;
  if (!executesTheSame(given, current)) return TemplateEnvironmentNeeded.of(environment.map(({ name }) => name));
  return { ...given, environment };
}

/** To be thrown once the transaction has put it on record. */
function refuseAltered(tx: WriteTransaction, { id, name }: TemplateRecord): Fault {
  tx.audit({ action: 'command-template-refused', target: { kind: 'TEMPLATE', id }, detail: { name } });
  return new Fault(
    'FORBIDDEN',
    'The template was altered in the database since it was saved. Delete it and save it anew; this is on record.',
  );
}

function note(
  tx: WriteTransaction,
  { action, id, detail }: { action: AuditAction; id: string; detail: Record<string, unknown> },
): void {
  tx.changed('TEMPLATE', id);
  tx.audit({ action, target: { kind: 'TEMPLATE', id }, detail });
}

function personOf(ctx: WorkspaceContext): string {
  const userId = userIdOf(ctx.actor);
  if (userId === null) throw new Error(`A ${ctx.actor.kind} cannot make templates`);
  return userId;
}
