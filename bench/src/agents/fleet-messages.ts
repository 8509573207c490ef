import type { HostFacts } from '@pilothouse/protocol';
import type { SimulatedIdentity } from './simulated-agent.js';
import type { CommandWriting } from './simulated-command.js';

/** What the process of a fleet is told. Each message is answered by one `FleetCount`. */
export type FleetOrder =
  | {
      order: 'start';
      url: string;
      keysetFile: string;
      rootFingerprint: string;
      facts: HostFacts;
      writing: CommandWriting;
      agents: SimulatedIdentity[];
    }
  | { order: 'count'; sinceMs: number }
  | { order: 'stop-sampling' };

export interface FleetCount {
  /** Agents connected since the moment that was asked for. */
  online: number;
  /** Samples of all agents since the start. */
  made: number;
  delivered: number;
  waiting: number;
  dropped: number;
}
