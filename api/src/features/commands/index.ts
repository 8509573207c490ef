/** Commands and runs: what people ask hosts to do, and what became of it. */
import type { CommandKey } from '@pilothouse/protocol';
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { Logger } from '../../kernel/log.js';
import type { SealingKey } from '../../kernel/sealing.js';
import type { Signer } from '../../signer/index.js';
import { CommandCanceller } from './command.canceller.js';
import { CommandIssuer } from './command.issuer.js';
import { CommandRepository } from './command.repository.js';
import { InstructionRepository } from './instruction.repository.js';
import { CommandResolver } from './command.resolver.js';
import { CommandService } from './command.service.js';
import { commandSubscription } from './command.subscription.js';
import { CommandOutputFeed } from './command-output.feed.js';
import { commandOutputSubscription } from './command-output.subscription.js';
import { CommandSweep } from './command.sweep.js';
import { DeliveryRepository } from './delivery.repository.js';
import { EnvelopeSeal } from './envelope.seal.js';
import { OutputRepository } from './output.repository.js';
import { ReportRepository } from './report.repository.js';
import type { RefusalAlarm } from './refusals.port.js';
import { ReportService } from './report.service.js';
import { RunAdvancer } from './run.advancer.js';
import { RunResolver } from './run.resolver.js';
import { RunRepository } from './run.repository.js';
import { RunService } from './run.service.js';
import { runSubscription } from './run.subscription.js';
import { SignedCommands } from './signed-commands.js';
import { StandingRights } from './standing.rights.js';
import type { TargetResolver } from './targets.port.js';
import type { TemplateSource } from './templates.port.js';

export { auditDetail, planCommand, type CommandRequest } from './command.plan.js';
export { SavedCommandInput } from './command.inputs.js';
export { CommandProgram } from './command.types.js';
export { DeliveryRepository, type Delivery } from './delivery.repository.js';
export { isOutputFrame, ReportService, type CommandFrameKind } from './report.service.js';
export { StandingRights } from './standing.rights.js';
export type { TargetResolver, TargetServer } from './targets.port.js';
export type { SavedTemplate, TemplateSource } from './templates.port.js';

export interface CommandsParts {
  database: Database;
  bus: EventBus;
  log: Logger;
  sealing: SealingKey;
  signer: Signer;
  /** How long the signer may take; 250 ms if not given. */
  signerDeadlineMs?: number;
  targets: TargetResolver;
  templates: TemplateSource;
  alarm: RefusalAlarm;
  /** Every command key that the root key has ever vouched for. */
  commandKeys: () => Promise<readonly CommandKey[]>;
}

export function createCommandsFeature(parts: CommandsParts) {
  const { database, bus, log, alarm } = parts;
  const seal = new EnvelopeSeal(parts.sealing);
  const repository = new CommandRepository();
  const instructions = new InstructionRepository(seal);
  const runRepository = new RunRepository();
  const output = new OutputRepository();
  const issuer = new CommandIssuer({ ...parts, instructions });
  const canceller = new CommandCanceller({ repository, instructions, issuer, bus });
  const signed = new SignedCommands({ ...parts, seal });
  const commands = new CommandService({ ...parts, repository, instructions, issuer, canceller, signed });
  const deliveries = new DeliveryRepository(seal);
  const advancer = new RunAdvancer({ database, bus, repository, runs: runRepository });
  const runs = new RunService({ ...parts, repository, instructions, issuer, canceller, advancer, runs: runRepository });
  const onRunProgress = (workspaceId: string, runId: string) => {
    advancer
      .advance(workspaceId, runId)
      .catch((error: unknown) => log.warn({ err: error, runId }, 'A run could not go on; the sweep tries again'));
  };
  const reporting = { repository: new ReportRepository(), output, bus, log, alarm, onRunProgress };
  return {
    commands,
    runs,
    advancer,
    reports: new ReportService(reporting),
    deliveries,
    standing: new StandingRights({ database, bus, deliveries, onRunProgress }),
    sweep: new CommandSweep({ ...reporting, database }),
    resolvers: [
      new CommandResolver(commands),
      new RunResolver(runs),
      commandSubscription({ database, bus, repository }),
      runSubscription({ database, bus, runs: runRepository }),
      commandOutputSubscription(new CommandOutputFeed({ database, bus, output })),
    ],
  };
}
