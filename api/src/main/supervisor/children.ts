import { join } from 'node:path';
import { ChildProgram, type ChildProgramOptions } from './child-program.js';
import type { ChildRecord } from './left-over-children.js';
import type { OperatorConsole } from './operator-console.js';
import { RotatingLog } from './rotating-log.js';

/** The agent has its commands to cancel and their results to deliver; the api has sockets to close. */
const STOP_LIMITS_MS = { agent: 15_000, dashboard: 3_000, api: 10_000 } as const;

export interface ChildrenOptions {
  stateDir: string;
  record: ChildRecord;
  console: OperatorConsole;
}

type OwnOptions = Pick<ChildProgramOptions, 'launch' | 'onMessage'> & { onEnded?: () => void };

/** Makes the programs of one Pilothouse: each with a log file of its own, and on record while it runs. */
export class Children {
  constructor(private readonly options: ChildrenOptions) {}

  make(name: keyof typeof STOP_LIMITS_MS, { onEnded, ...own }: OwnOptions): ChildProgram {
    const { stateDir, record, console } = this.options;
    const log = new RotatingLog({
      path: join(stateDir, 'logs', `${name}.log`),
      onProblem: (error) => console.show(`The log of the ${name} cannot be written: ${error.message}`),
    });
    return new ChildProgram({
      ...own,
      name,
      log,
      say: (line) => console.say(line),
      stopLimitMs: STOP_LIMITS_MS[name],
      onBegan: (pid) => record.began(name, pid),
      onEnded: () => {
        record.ended(name);
        onEnded?.();
      },
    });
  }
}
