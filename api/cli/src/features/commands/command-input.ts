import { usageError } from '../../kernel/cli-error.js';
import type { CommandInput, EnvironmentVariableInput, Interpreter } from '../../gql/graphql.js';
import { isPiped, readInput } from '../../input/standard-input.js';

/** What a command is made of, on the command line. */
export interface ProgramOptions {
  script?: string;
  interpreter?: Interpreter;
  timeout?: number;
  user?: string;
  cwd?: string;
  env?: EnvironmentVariableInput[];
  /** A file; true: what is piped in, if anything; false: nothing. */
  stdin?: string | boolean;
  priority?: number;
  idempotent?: boolean;
}

const MAX_SCRIPT_BYTES = 256 * 1024;
const MAX_STDIN_BYTES = 256 * 1024;

/** The API's view of what was typed. @throws CliError */
export async function commandInput(argv: readonly string[], options: ProgramOptions): Promise<CommandInput> {
  if (argv.length > 0 === (options.script !== undefined)) {
    throw usageError('Say what to run: a program after --, or --script with a file.');
  }
  if (options.interpreter !== undefined && options.script === undefined)
    throw usageError('--interpreter goes with --script.');
  return {
    ...(options.script === undefined ? { argv: [...argv] } : { script: await readScript(options.script) }),
    ...(options.interpreter !== undefined && { interpreter: options.interpreter }),
    ...(options.timeout !== undefined && { timeoutMs: options.timeout }),
    ...(options.user !== undefined && { user: options.user }),
    ...(options.cwd !== undefined && { workingDirectory: options.cwd }),
    ...(options.env && { environment: options.env }),
    ...(options.priority !== undefined && { priority: options.priority }),
    ...(options.idempotent && { idempotent: true }),
    ...(await stdinOf(options)),
  };
}

async function readScript(path: string): Promise<string> {
  const bytes = await readInput(path, { what: 'A script', maxBytes: MAX_SCRIPT_BYTES });
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes)) throw usageError('The script is not valid UTF-8.');
  return text;
}

async function stdinOf({ stdin = true, script }: ProgramOptions): Promise<{ stdin?: string }> {
  if (stdin === false) return {};
  if (stdin === true && (script === '-' || !isPiped())) return {};
  if (stdin === '-' && script === '-') throw usageError('Standard input cannot be both the script and its input.');
  const bytes = await readInput(stdin === true ? '-' : stdin, { what: 'Standard input', maxBytes: MAX_STDIN_BYTES });
  return { stdin: bytes.toString('base64') };
}

/** `NAME=value` as the value of an option that may be repeated. @throws CliError */
export function environmentVariable(text: string, before: EnvironmentVariableInput[] = []): EnvironmentVariableInput[] {
  const separator = text.indexOf('=');
  if (separator < 1) throw usageError(`${text} is not NAME=value.`);
  return [...before, { name: text.slice(0, separator), value: text.slice(separator + 1) }];
}
