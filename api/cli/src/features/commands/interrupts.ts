import { EXIT } from '../../kernel/cli-error.js';
import type { Output } from '../../ui/output.js';

export interface Interrupted {
  /** Asks for the end. @returns what there is to say about it. */
  stop: () => Promise<string | null>;
  /** The command line that looks after what was left running. */
  follow: string;
}

/** Ctrl-C: once asks for the end and waits for it; twice leaves it running and ends this program. */
export class Interrupts {
  private count = 0;
  private readonly listener = () => void this.interrupt();

  constructor(
    private readonly output: Output,
    private readonly interrupted: Interrupted,
  ) {
    process.on('SIGINT', this.listener);
    process.on('SIGTERM', this.listener);
  }

  end(): void {
    process.off('SIGINT', this.listener);
    process.off('SIGTERM', this.listener);
  }

  private async interrupt(): Promise<void> {
    this.count += 1;
    if (this.count > 1) {
      this.output.note(`Left running. Look after it with ${this.interrupted.follow}.`);
      process.exit(EXIT.interrupted);
    }
    this.output.note('Stopping. Ctrl-C again leaves it running.');
    try {
      const answer = await this.interrupted.stop();
      if (answer !== null) this.output.note(answer);
    } catch (error) {
      this.output.note(`It could not be stopped: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
