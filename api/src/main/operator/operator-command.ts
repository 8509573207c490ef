/** A program of an operator: it is given one word and does what that says. */
export interface OperatorCommand<Given> {
  args: readonly string[];
  usage: string;
  say: (line: string) => void;
  /** What every command works with. @throws a sentence that names what is wrong */
  given: () => Given;
  /** By their words. Each returns its exit code. */
  commands: Readonly<Record<string, (given: Given) => Promise<number>>>;
}

/** Returns the exit code: 2 for wrong usage, 1 where a command throws what it then says, otherwise the command's own. */
export async function runOperatorCommand<Given>(command: OperatorCommand<Given>): Promise<number> {
  const { args, usage, say, given, commands } = command;
  const [name = '', ...rest] = args;
  const run = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!run || rest.length > 0) {
    say(usage);
    return name === '--help' ? 0 : 2;
  }
  try {
    return await run(given());
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
