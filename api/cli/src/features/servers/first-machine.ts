import type { ServerState } from '../../gql/graphql.js';
import { CliError } from '../../kernel/cli-error.js';
import type { Session } from '../../kernel/session.js';
import { WatchServers } from './servers.operations.js';

/** How long a control plane that has an agent beside it takes to add that machine, and how long to bring it online. */
const PATIENCE = { addedMs: 3000, onlineMs: 20_000 } as const;

export interface Machine {
  name: string;
  state: ServerState;
}

/** The machine that a new control plane runs on, once it is online or has taken too long; null where there is none. */
export async function firstMachine(session: Session): Promise<Machine | null> {
  let machine: Machine | null = null;
  const changes = session.follow(WatchServers, {
    variables: (afterSeq) => ({ afterSeq, serverIds: null }),
    item: ({ serverChanged }) => serverChanged,
    // A new workspace: all that ever changed in it.
    afterSeq: 0,
  });
  const watching = (async () => {
    for await (const { server } of changes) {
      if (server) machine = { name: server.name, state: server.state };
      if (server?.state === 'ONLINE') return;
    }
  })();
  try {
    await within(watching, PATIENCE.addedMs);
    if (machine) await within(watching, PATIENCE.onlineMs);
  } catch (error) {
    // Set-up is done. What the machine does is looked at afterwards.
    if (!(error instanceof CliError)) throw error;
  } finally {
    watching.catch(() => undefined);
    void changes.return();
  }
  return machine;
}

async function within(promise: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
