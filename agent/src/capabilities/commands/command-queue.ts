import type { OpenCommand } from './command-ledger.js';

/** Commands that wait, in the order in which they start: higher priority first, then lower sequence. */
export class CommandQueue {
  private readonly waiting: OpenCommand[] = [];

  get size(): number {
    return this.waiting.length;
  }

  get first(): OpenCommand | null {
    return this.waiting[0] ?? null;
  }

  add(command: OpenCommand): void {
    let low = 0;
    let high = this.waiting.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (startsBefore(command, this.waiting[middle] as OpenCommand)) high = middle;
      else low = middle + 1;
    }
    this.waiting.splice(low, 0, command);
  }

  takeFirst(): OpenCommand | null {
    return this.waiting.shift() ?? null;
  }

  /** Whether it was waiting. */
  remove(commandId: string): boolean {
    const index = this.waiting.findIndex((command) => command.intent.id === commandId);
    if (index >= 0) this.waiting.splice(index, 1);
    return index >= 0;
  }
}

function startsBefore({ intent: a }: OpenCommand, { intent: b }: OpenCommand): boolean {
  const byPriority = b.arguments.priority - a.arguments.priority;
  return byPriority === 0 ? a.sequence < b.sequence : byPriority < 0;
}
