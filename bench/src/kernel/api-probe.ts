import type { Operator } from '@pilothouse/api/testing';

/** What the overview shows of its first page. */
const PAGE = `{ servers(first: 50) { nodes { id name state stateReason tags protected maintenance agentVersion latencyMs lastSeenAt connectedAt group { id name } } pageInfo { hasNextPage endCursor } } }`;
const SERVER = `query ($id: ID!) { server(id: $id) { id name state stateReason description tags facts { hostname osName kernel cpuCount memoryMib } healthChecks { name ok } connectedAt latencyMs } }`;
const EVERY_MS = 100;

/** Asks what people ask, at a steady pace whether or not the answers come. */
export class ApiProbe {
  /** Milliseconds of each answer. */
  pages: number[] = [];
  servers: number[] = [];
  failures = 0;
  private readonly timer: NodeJS.Timeout;
  private readonly underWay = new Set<Promise<void>>();
  private asked = 0;

  constructor(
    private readonly operator: Operator,
    private readonly serverIds: readonly string[],
  ) {
    this.timer = setInterval(() => this.askNext(), EVERY_MS);
  }

  /** Resolves when the last answer has come. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.underWay);
  }

  private askNext(): void {
    this.asked += 1;
    const id = this.serverIds[this.asked % this.serverIds.length];
    const asked: Promise<void> = (
      this.asked % 2 === 0 ? this.time(this.pages, PAGE) : this.time(this.servers, SERVER, { id })
    ).finally(() => this.underWay.delete(asked));
    this.underWay.add(asked);
  }

  private async time(into: number[], query: string, variables: Record<string, unknown> = {}): Promise<void> {
    const startMs = performance.now();
    try {
      await this.operator.ask(query, variables);
      into.push(performance.now() - startMs);
    } catch {
      // How often is what matters here; the measurement shows it.
      this.failures += 1;
    }
  }
}
