import { CommanderError, type Command } from 'commander';
import { confirm, explainNobody } from '../features/people/identification.js';
import type { Act } from '../kernel/act.js';
import { CliError, EXIT, usageError } from '../kernel/cli-error.js';
import { Cli, type GlobalOptions } from '../kernel/cli.js';
import { CALLED, readEnvironment } from '../kernel/environment.js';
import { probablyMeant } from './misspelt.js';
import { buildProgram } from './program.js';

/** The operator's program: one invocation, its answer on stdout, its exit code. */
async function main(): Promise<void> {
  // A reader such as head that has seen enough ends the program, and that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.general),
  );
  const program: Command = buildProgram(act);
  try {
    await program.parseAsync();
  } catch (error) {
    report(error, {
      json: program.opts<GlobalOptions>().json ?? false,
      meant: () => probablyMeant(program, process.argv.slice(2)),
    });
  }

  function act(perform: Parameters<Act>[0]): ReturnType<Act> {
    return async (...given) => {
      const cli = new Cli(readEnvironment(), program.opts<GlobalOptions>(), { confirm, explainNobody });
      try {
        // Commander's last argument is the command itself.
        await perform(cli, ...given.slice(0, -1));
      } finally {
        await cli.close();
      }
    };
  }
}

const MAY_BE_MISSPELT: ReadonlySet<number> = new Set([EXIT.usage, EXIT.notFound]);

/** One sentence on stderr, or with `--json` one document there; and the exit code. */
function report(error: unknown, { json, meant }: { json: boolean; meant: () => string | null }): void {
  const failure = asCliError(error);
  if (!failure) return;
  process.exitCode = failure.exitCode;
  const { code } = failure;
  const slip = MAY_BE_MISSPELT.has(failure.exitCode) ? meant() : null;
  const message = slip === null ? failure.message : `${failure.message} Did you mean ${CALLED} ${slip}?`;
  process.stderr.write(json ? `${JSON.stringify({ error: { code: code ?? 'FAILED', message } })}\n` : `${message}\n`);
}

function asCliError(error: unknown): CliError | null {
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError) {
    // Help and version were shown; that is what was asked for.
    if (error.exitCode === 0) return null;
    if (error.code === 'commander.help') {
      process.exitCode = EXIT.usage;
      return null;
    }
    return usageError(sentence(error.message));
  }
  const message = error instanceof Error ? error.message : String(error);
  return new CliError(`Something went wrong in this program: ${message}`);
}

/** Commander's `error: unknown option '--x'` as a sentence with what to do. */
function sentence(message: string): string {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const text = first.charAt(0).toUpperCase() + first.slice(1);
  return [text.endsWith('.') ? text : `${text}.`, ...rest, 'Add --help to see how it is used.'].join(' ');
}

await main();
