import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Operator } from '@pilothouse/api/testing';
import type { Client } from 'graphql-ws';

const RUN = `mutation ($input: RunCommandInput!) { runCommand(input: $input) { __typename ... on Command { id } ... on Refusal { message } } }`;
const CHANGED = 'subscription { commandChanged { command { id state } } }';

type Changed = { commandChanged: { command: { id: string; state: string } } };
type Ran = { runCommand: { __typename: string; id?: string; message?: string } };

/** Measures commands from the mutation to the event that shows their success, over one graphql-ws socket. */
export class CommandTimer {
  private readonly client: Client;
  private readonly ended = new Map<string, number>();
  private readonly waiting = new Map<string, (atMs: number) => void>();

  constructor(
    private readonly operator: Operator,
    private readonly serverId: string,
  ) {
    this.client = operator.socket();
    void this.listen();
  }

  /** Milliseconds from sending the mutation to the event of the result. */
  async roundTrip(argv: readonly string[], over: 'socket' | 'http'): Promise<number> {
    const sentMs = performance.now();
    const id = over === 'http' ? await this.operator.run(this.serverId, { argv }) : await this.runOverSocket(argv);
    return (await this.endOf(id)) - sentMs;
  }

  async close(): Promise<void> {
    await this.client.dispose();
  }

  private async runOverSocket(argv: readonly string[]): Promise<string> {
    const variables = { input: { serverId: this.serverId, command: { argv }, idempotencyKey: randomUUID() } };
    for await (const { data } of this.client.iterate<Ran>({ query: RUN, variables })) {
      if (data?.runCommand.id) return data.runCommand.id;
      throw new Error(data?.runCommand.message ?? 'The command was not queued');
    }
    throw new Error('The mutation was not answered');
  }

  private endOf(id: string): Promise<number> {
    const ended = this.ended.get(id);
    if (ended !== undefined) return Promise.resolve(ended);
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  private async listen(): Promise<void> {
    for await (const { data } of this.client.iterate<Changed>({ query: CHANGED })) {
      const command = data?.commandChanged.command;
      if (command?.state !== 'SUCCEEDED') continue;
      const nowMs = performance.now();
      this.ended.set(command.id, nowMs);
      this.waiting.get(command.id)?.(nowMs);
    }
  }
}
