import { allAnswered, type Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Gate } from '../../kernel/gate.js';
import { follow } from '../../kernel/streams/follow.js';
import type { DeliveryRepository, StandingRights } from '../commands/index.js';
import type { AgentConnection } from './agent-connection.js';
import type { ControlPlaneIdentity } from './handshake.service.js';
import { AnchorInstruction, EnvelopeInstruction, KeysetInstruction, type Instruction } from './instruction.types.js';

/** The gateway polls for all its agents at once; this only bounds how long a missed wake could last. */
const OWN_POLL_MS = 60_000;

/** What goes to one agent: its due instructions, and newer keysets and anchors as they come. */
export class InstructionService {
  constructor(
    private readonly parts: {
      database: Database;
      bus: EventBus;
      deliveries: DeliveryRepository;
      standing: StandingRights;
      controlPlane: ControlPlaneIdentity;
      gate: Gate;
    },
  ) {}

  stream(connection: AgentConnection): AsyncGenerator<typeof Instruction, void> {
    const { agent } = connection;
    let keysetVersion: number | undefined;
    let anchorSequence: number | undefined;
    return follow<typeof Instruction>({
      bus: this.parts.bus,
      topic: `queue:${agent.serverId}`,
      pollMs: OWN_POLL_MS,
      // Everything due is taken at once, as far as the window allows; a place that becomes free wakes.
      isCaughtUp: () => true,
      read: async () => {
        const [anchor, { newestKeyset, due }] = await Promise.all([
          this.parts.controlPlane.latestAnchor(agent.workspaceId),
          this.takeDue(connection),
        ]);
        const news: (typeof Instruction)[] = [];
        // What the handshake has just told is not told again. What is due may need the keys, and so comes behind them.
        if (keysetVersion !== undefined && newestKeyset > keysetVersion)
          news.push(Object.assign(new KeysetInstruction(), (await this.parts.controlPlane.keyset()).signed));
        if (anchorSequence !== undefined && anchor && anchor.sequence > anchorSequence)
          news.push(Object.assign(new AnchorInstruction(), anchor));
        keysetVersion = newestKeyset;
        anchorSequence = anchor?.sequence ?? 0;
        return [...news, ...due];
      },
    });
  }

  private async takeDue({
    agent,
    ctx,
  }: AgentConnection): Promise<{ due: EnvelopeInstruction[]; newestKeyset: number }> {
    const epoch = { serverId: agent.serverId, ...agent.epoch };
    const { database, deliveries, standing, gate, controlPlane } = this.parts;
    const taken = await gate.pass(() =>
      database.write(ctx, async (tx) =>
        tx.later(allAnswered([deliveries.take(tx, epoch, ctx.now()), controlPlane.keysetVersion(tx)])),
      ),
    );
    const [{ deliveries: free, hasBarred }, newestKeyset] = await taken.answer;
    if (hasBarred) await standing.takeBack(agent.workspaceId, epoch);
    const due = free.map(({ id, envelope }) =>
      Object.assign(new EnvelopeInstruction(), { deliveryId: id, ...envelope }),
    );
    return { due, newestKeyset };
  }
}
