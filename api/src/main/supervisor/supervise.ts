import type { Environment } from '../../kernel/environment.js';
import { Supervisor, type SupervisorOptions } from './supervisor.js';

export interface SuperviseOptions extends Omit<SupervisorOptions, 'environment'> {
  /** @throws a sentence that names what is wrong */
  readEnvironment: () => Environment;
}

/** Runs Pilothouse until a signal asks it to end. Returns the exit code: 0, or 1 when it could not be started. */
export async function superviseUntilStopped({ readEnvironment, ...options }: SuperviseOptions): Promise<number> {
  const { console } = options;
  try {
    const supervisor = new Supervisor({ ...options, environment: readEnvironment() });
    const asked = stopOnSignals(supervisor, (line) => console.say(line));
    try {
      await supervisor.start();
    } catch (error) {
      await supervisor.stop();
      throw error;
    }
    await asked;
    console.say('Stopped.');
    return 0;
  } catch (error) {
    console.say(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await console.close();
  }
}

/** Resolves once the first signal has ended everything; the second one makes it quicker. */
function stopOnSignals(supervisor: Supervisor, say: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let signals = 0;
    const onSignal = () => {
      signals += 1;
      if (signals > 2) return;
      say(signals === 1 ? 'Stopping. Press Ctrl-C again to be quicker.' : 'Stopping at once.');
      supervisor.stop().then(resolve, reject);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}
