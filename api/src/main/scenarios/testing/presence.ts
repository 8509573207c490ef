/** How long something was wrong, by the clock of `performance.now()`. */
interface Span {
  fromMs: number;
  untilMs: number;
}

export interface Absence extends Span {
  serverId: string;
  lastedMs: number;
}

const PRESENT = new Set(['ONLINE', 'DEGRADED']);

/**
 * Which agents are connected, as the control plane shows it, beside the times at which something stood in their way: an
 * agent must not stay away for long while nothing does.
 */
export class Presence {
  private readonly away = new Map<string, Span[]>();
  private readonly inTheWay: (Span & { serverId: string | null })[] = [];

  /** What a replica shows at a moment. */
  observe(atMs: number, servers: readonly { id: string; state: string }[]): void {
    for (const { id, state } of servers) {
      const spans = this.away.get(id) ?? [];
      this.away.set(id, spans);
      const last = spans.at(-1);
      const isOpen = last?.untilMs === Infinity;
      if (PRESENT.has(state) && isOpen) last.untilMs = atMs;
      if (!PRESENT.has(state) && !isOpen) spans.push({ fromMs: atMs, untilMs: Infinity });
    }
  }

  /** Something stands in the way of an agent, or of all. @returns what to call when it is gone. */
  disturb(atMs: number, serverId: string | null = null): (atMs: number) => void {
    const disturbance = { fromMs: atMs, untilMs: Infinity, serverId };
    this.inTheWay.push(disturbance);
    return (untilMs) => void (disturbance.untilMs = untilMs);
  }

  /** The longest that any agent was away with nothing in its way; null when none was. */
  longestAbsence(nowMs: number): Absence | null {
    const absences = [...this.away].flatMap(([serverId, spans]) =>
      spans
        .flatMap((span) => this.undisturbed(serverId, { ...span, untilMs: Math.min(span.untilMs, nowMs) }))
        .map((span) => ({ serverId, ...span, lastedMs: span.untilMs - span.fromMs })),
    );
    return absences.sort((a, b) => b.lastedMs - a.lastedMs)[0] ?? null;
  }

  private undisturbed(serverId: string, { fromMs, untilMs }: Span): Span[] {
    const others = this.inTheWay.filter((each) => each.serverId === null || each.serverId === serverId);
    const stretches: Span[] = [];
    let fromHereMs = fromMs;
    for (const other of others.sort((a, b) => a.fromMs - b.fromMs)) {
      if (other.untilMs <= fromHereMs) continue;
      if (other.fromMs >= untilMs) break;
      if (other.fromMs > fromHereMs) stretches.push({ fromMs: fromHereMs, untilMs: other.fromMs });
      fromHereMs = other.untilMs;
    }
    return fromHereMs < untilMs ? [...stretches, { fromMs: fromHereMs, untilMs }] : stretches;
  }
}
