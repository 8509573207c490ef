import { createInterface } from 'node:readline';
import { makeOutputPipes, runJob } from '../capabilities/commands/runner/index.js';

/** Four descriptors each. */
const PIPES_AT_ONCE = 8;

/**
 * The process between the agent and one command; it outlives the agent.
 *
 * `runner <directory>` runs the job of that directory and ends. `runner --spare <scratch directory>` is ready beforehand:
 * it runs the jobs whose directories it is given on standard input, one at a time, and ends with its standard input,
 * once the job it may have is done.
 */
async function main(): Promise<void> {
  // Inherited by the command. The runner's own files state their modes.
  process.umask(0o022);
  const [first, scratch] = process.argv.slice(2);
  if (first === '--spare' && scratch) return serveAsSpare(scratch);
  if (!first) throw new Error('usage: runner <directory> | --spare <scratch directory>');
  await runJob(first, makeOutputPipes(first, 1).next().value);
}

async function serveAsSpare(scratch: string): Promise<void> {
  const stock = makeOutputPipes(scratch, PIPES_AT_ONCE);
  let pipes = stock.next().value;
  for await (const directory of createInterface({ input: process.stdin })) {
    await runJob(directory, pipes);
    pipes = stock.next().value;
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
