import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Operator } from '@pilothouse/api/testing';
import { queuePatiently } from '../kernel/patience.js';

const COMMAND_EVERY_MS = 500;
const SUBSCRIBER_EVERY_MS = 1500;
const SUBSCRIBER_STAYS_MS = 20_000;

/** Commands to servers in turn, and subscribers that come, stay a while and go. */
export class Work {
  commands = 0;
  subscribers = 0;
  failures = 0;
  private timers: NodeJS.Timeout[] = [];
  private readonly underWay = new Set<Promise<void>>();

  constructor(
    private readonly operator: Operator,
    private readonly serverIds: readonly string[],
  ) {}

  go(): void {
    this.timers = [
      setInterval(() => this.follow(this.command()), COMMAND_EVERY_MS),
      setInterval(() => this.follow(this.subscribe()), SUBSCRIBER_EVERY_MS),
    ];
  }

  /** Resolves when what was begun has ended. */
  async pause(): Promise<void> {
    this.timers.forEach((timer) => clearInterval(timer));
    await Promise.all(this.underWay);
  }

  private follow(work: Promise<void>): void {
    const followed: Promise<void> = work
      .catch((error: unknown) => {
        this.failures += 1;
        console.error(error);
      })
      .finally(() => this.underWay.delete(followed));
    this.underWay.add(followed);
  }

  private async command(): Promise<void> {
    this.commands += 1;
    const serverId = this.serverIds[this.commands % this.serverIds.length] ?? '';
    const id = await queuePatiently(this.operator, serverId, ['echo', 'soak']);
    const { state } = await this.operator.finished(id);
    if (state !== 'SUCCEEDED') throw new Error(`A command ended as ${state}`);
  }

  private async subscribe(): Promise<void> {
    this.subscribers += 1;
    const client = this.operator.socket();
    const serverIds = this.serverIds.slice(0, 50);
    const documents = [
      { query: 'subscription { commandChanged { command { id state } } }' },
      { query: 'subscription { serverChanged { seq } }' },
      {
        query: 'subscription ($ids: [ID!]!) { metricsSampled(serverIds: $ids) { seq } }',
        variables: { ids: serverIds },
      },
    ];
    const ended = documents.map(
      (document) =>
        new Promise<void>((resolve, reject) => {
          client.subscribe(document, {
            next: ({ errors }) => errors && reject(new Error(errors[0]?.message)),
            error: (error) => reject(new Error('A subscription failed', { cause: error })),
            complete: resolve,
          });
        }),
    );
    const leaves = delay(randomInt(SUBSCRIBER_STAYS_MS)).then(() => client.dispose());
    await Promise.all([leaves, ...ended]);
  }
}
