import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client as SocketClient } from 'graphql-ws';
import type { ApiClient } from './api-client.js';

/** A command as tests and measurements look at it. */
export interface SeenCommand {
  id: string;
  state: string;
  exitCode: number | null;
  reason: string | null;
  outcome: string | null;
  startedAt: string | null;
  sequence: number;
}

export interface SeenServer {
  id: string;
  name: string;
  state: string;
  stateReason: string;
  /** When its present connection began. */
  connectedAt: string | null;
}

const COMMAND = 'id state exitCode reason outcome startedAt sequence';
const SERVER = 'id name state stateReason connectedAt';
const FINAL = new Set(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'CANCELLED', 'EXPIRED', 'VETOED', 'INTERRUPTED']);
const POLL_MS = 50;

/** Somebody who may do everything, working through the public API alone. */
export class Operator {
  constructor(
    readonly api: ApiClient,
    readonly token: string,
  ) {}

  /** @returns the operation's data. @throws on a fault, and on a refusal in its first field. */
  async ask(query: string, variables: Record<string, unknown> = {}) {
    const { data, code, message } = await this.api.ask(query, { token: this.token, variables });
    if (message !== undefined) throw new OperationFault(message, code);
    const [first] = Object.values(data ?? {}) as { refusal?: string }[];
    if (first?.refusal) throw new Error(first.refusal);
    return data;
  }

  socket(): SocketClient {
    return this.api.socket({ token: this.token });
  }

  async run(
    serverId: string,
    command: Record<string, unknown>,
    options: Record<string, unknown> = {},
  ): Promise<string> {
    const { runCommand } = await this.ask(
      `mutation ($input: RunCommandInput!) { runCommand(input: $input) { ... on Command { id } ... on Refusal { refusal: message } } }`,
      { input: { serverId, command, idempotencyKey: randomUUID(), ...options } },
    );
    return runCommand.id;
  }

  async cancel(id: string): Promise<void> {
    await this.ask(
      `mutation ($input: CancelCommandInput!) { cancelCommand(input: $input) { ... on Command { id } ... on Refusal { refusal: message } } }`,
      { input: { commandId: id } },
    );
  }

  async command(id: string): Promise<SeenCommand> {
    return (await this.ask(`query ($id: ID!) { command(id: $id) { ${COMMAND} } }`, { id })).command;
  }

  async server(id: string): Promise<SeenServer> {
    return (await this.ask(`query ($id: ID!) { server(id: $id) { ${SERVER} } }`, { id })).server;
  }

  async servers(): Promise<SeenServer[]> {
    return (await this.ask(`{ servers(first: 200) { nodes { ${SERVER} } } }`)).servers.nodes;
  }

  /** All commands of a server, newest first. */
  async history(serverId: string): Promise<SeenCommand[]> {
    const found: SeenCommand[] = [];
    for (let after: string | null = null; ;) {
      const { commandHistory } = await this.ask(
        `query ($filter: CommandFilterInput, $after: String) { commandHistory(first: 200, after: $after, filter: $filter) { nodes { ${COMMAND} } pageInfo { hasNextPage endCursor } } }`,
        { filter: { serverIds: [serverId] }, after },
      );
      found.push(...commandHistory.nodes);
      if (!commandHistory.pageInfo.hasNextPage) return found;
      after = commandHistory.pageInfo.endCursor;
    }
  }

  /** Waits until none of a server's commands is queued or runs. */
  async untilIdle(serverId: string): Promise<void> {
    const filter = { serverIds: [serverId], states: ['QUEUED', 'DELIVERED', 'RUNNING'] };
    await eventually(async () => {
      const { commandHistory } = await this.ask(
        `query ($filter: CommandFilterInput) { commandHistory(first: 1, filter: $filter) { nodes { id } } }`,
        { filter },
      );
      return commandHistory.nodes.length === 0 ? true : null;
    });
  }

  /** All that a command writes, as soon as it has ended. */
  async output(id: string): Promise<string> {
    const client = this.socket();
    const pieces: Buffer[] = [];
    const follow = client.iterate<{ commandOutput: { data: string } }>({
      query: `subscription ($id: ID!) { commandOutput(commandId: $id) { data } }`,
      variables: { id },
    });
    for await (const { data, errors } of follow) {
      if (errors) throw new Error(errors[0]?.message);
      pieces.push(Buffer.from(data?.commandOutput.data ?? '', 'base64'));
    }
    await client.dispose();
    return Buffer.concat(pieces).toString();
  }

  /** The command once it is in a final state. */
  finished(id: string): Promise<SeenCommand> {
    return eventually(async () => {
      const command = await this.command(id);
      return FINAL.has(command.state) ? command : null;
    });
  }

  untilState(serverId: string, state: string): Promise<SeenServer> {
    return eventually(async () => {
      const server = await this.server(serverId);
      return server.state === state ? server : null;
    });
  }
}

/** A fault as the api's clients see it. */
export class OperationFault extends Error {
  constructor(
    message: string,
    readonly code: string | undefined,
  ) {
    super(message);
  }
}

/** Asks until there is an answer. An api that is away meanwhile is asked again: the test's own time limit ends it. */
export async function eventually<T>(ask: () => Promise<T | null>): Promise<T> {
  for (;;) {
    const answer = await ask().catch((error: unknown) => {
      if (isAway(error)) return null;
      throw error;
    });
    if (answer !== null) return answer;
    await delay(POLL_MS);
  }
}

/** Nobody listened, the connection was cut half-way, or the api had no database. */
function isAway(error: unknown): boolean {
  if (error instanceof OperationFault) return error.code === 'UNAVAILABLE';
  return error instanceof TypeError || error instanceof SyntaxError;
}
