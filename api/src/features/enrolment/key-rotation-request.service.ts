import { KEY_ROTATION_SINCE } from '@pilothouse/protocol';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import { revoke } from '../../kernel/revoke.js';
import type { ServerAccess, ServerRecord } from '../servers/index.js';
import type { EnrolmentRepository } from './enrolment.repository.js';
import { AgentTooOld, ServerNotEnrolled } from './key-rotation.refusals.js';

/** Asks agents for a new key. They are told when they connect, so one that is connected is made to connect again. */
export class KeyRotationRequestService {
  constructor(
    private readonly parts: {
      database: Database;
      bus: EventBus;
      enrolments: EnrolmentRepository;
      access: ServerAccess;
    },
  ) {}

  ask(ctx: WorkspaceContext, serverId: string): Promise<ServerRecord | ServerNotEnrolled | AgentTooOld> {
    const { database, bus, enrolments, access } = this.parts;
    return database.write(ctx, async (tx) => {
      const record = await access.open(ctx, tx, serverId);
      const { id, name, protocolVersion } = record;
      if (protocolVersion !== null && protocolVersion < KEY_ROTATION_SINCE) return AgentTooOld.of(record);
      if (!(await enrolments.askForKey(tx, id, ctx.now()))) return ServerNotEnrolled.of(record);
      await revoke(tx, bus, [{ kind: 'AGENT_KEY', subjectId: id }]);
      tx.audit({ action: 'server-key-rotation-asked', target: { kind: 'SERVER', id }, detail: { name } });
      return record;
    });
  }
}
