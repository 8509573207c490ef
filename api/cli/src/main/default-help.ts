import type { Command } from 'commander';

/** Where a word alone means one of its commands, as `runs` means `runs start`, its help shows that one's too. */
export function showDefaults(program: Command): void {
  for (const group of program.commands) {
    const [meant] = group.commands.filter((command) => command.name() === defaultOf(group));
    if (meant) group.addHelpText('after', () => `\nWithout a command it is ${meant.name()}:\n\n${helpOf(meant)}`);
  }
}

/** Its own part: what every command takes stands above already. */
function helpOf(command: Command): string {
  const help = command.createHelp();
  help.showGlobalOptions = false;
  return command.createHelp().formatHelp(command, help).trimEnd();
}

/** Commander keeps it, and says it nowhere. */
function defaultOf(group: Command): string | null {
  return (group as Command & { _defaultCommandName?: string | null })._defaultCommandName ?? null;
}
