import type { Client } from 'graphql-ws';
import { TIME_CHARACTERS } from '../agents/simulated-command.js';

const OUTPUT = `subscription ($id: ID!) { commandOutput(commandId: $id) { data end missingBytes } }`;
type Output = { commandOutput: { data: string; end: boolean; missingBytes: number } };

/** Follows the output of one simulated command to its end. Each of its pieces begins with the time it was written. */
export class OutputFollower {
  readonly lagsMs: number[] = [];
  bytes = 0;
  readonly ended: Promise<void>;

  constructor(client: Client, commandId: string) {
    this.ended = this.follow(client, commandId);
  }

  private async follow(client: Client, id: string): Promise<void> {
    for await (const { data, errors } of client.iterate<Output>({ query: OUTPUT, variables: { id } })) {
      if (!data) throw new Error(errors?.[0]?.message ?? 'The output was not given');
      const piece = Buffer.from(data.commandOutput.data, 'base64');
      if (piece.length === 0) continue;
      this.bytes += piece.length;
      this.lagsMs.push(Date.now() - Number(piece.toString('latin1', 0, TIME_CHARACTERS)));
    }
  }
}
