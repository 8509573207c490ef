import type { CommandState, ShowRunQuery } from '../../gql/graphql.js';
import type { Session } from '../../kernel/session.js';
import { LiveLine } from '../../ui/live-line.js';
import { COMMAND_STATES } from '../../ui/state-words.js';
import { counted } from '../../ui/times.js';
import { RunChanged, ShowRun } from './runs.operations.js';

export type Run = ShowRunQuery['run'];

/** Changes of a run are told at once; its counts, and what changed before the telling began, are asked for this often. */
const ASK_EVERY_MS = 1000;

/** Shows a run's progress until it is over. @returns the run as it ended. */
export async function watchRun(session: Session, id: string): Promise<Run> {
  const line = new LiveLine();
  const wake = new Wake();
  const changes = session.follow(RunChanged, {
    variables: (afterSeq) => ({ runIds: [id], afterSeq }),
    item: ({ runChanged }) => runChanged,
    // Only a wake: the run is asked for anew beside it, and whole.
    afterSeq: null,
  });
  // A refusal of the subscription would be one of the query beside it too, which says it.
  void (async () => {
    for await (const _ of changes) wake.now();
  })().catch(() => wake.now());
  try {
    for (;;) {
      const { run } = await session.askUntilReached(ShowRun, { id });
      line.show(progressText(run));
      if (isOver(run)) return run;
      await wake.within(ASK_EVERY_MS);
    }
  } finally {
    line.clear();
    void changes.return();
  }
}

export function isOver({ state }: Pick<Run, 'state'>): boolean {
  return state === 'FINISHED' || state === 'STOPPED';
}

/** `35 servers  ▸ 3 running  ● 30 succeeded  ■ 2 failed` */
export function progressText({ serverCount, progress }: Pick<Run, 'serverCount' | 'progress'>): string {
  return [counted(serverCount, 'server'), ...progress.map(({ state, count }) => stateText(state, count))].join('  ');
}

function stateText(state: CommandState, count: number): string {
  const { glyph, word } = COMMAND_STATES[state];
  return `${glyph} ${count} ${word}`;
}

/** A wait that can be cut short. */
class Wake {
  private end: () => void = () => undefined;
  private isDue = false;

  now(): void {
    this.isDue = true;
    this.end();
  }

  async within(ms: number): Promise<void> {
    if (!this.isDue) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.isDue = false;
  }
}
