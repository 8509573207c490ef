import type { CommandArguments } from '@pilothouse/protocol';

/** What a command executes, as it is stored in the open: variables by name, standard input only by its being there. */
export interface StoredArguments extends Omit<CommandArguments, 'environment' | 'stdin'> {
  environmentNames: string[];
  hasStdin: boolean;
}

/** Leaves out what may be secret: it is in the envelope alone, which is then stored sealed. */
export function storedArguments({ environment, stdin, ...open }: CommandArguments): StoredArguments {
  return { ...open, environmentNames: Object.keys(environment), hasStdin: stdin !== null };
}

export function holdsSecrets({ environmentNames, hasStdin }: StoredArguments): boolean {
  return environmentNames.length > 0 || hasStdin;
}
