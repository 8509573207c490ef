import type { Command } from 'commander';

export const SHELLS = ['BASH', 'ZSH', 'FISH'] as const;
export type Shell = (typeof SHELLS)[number];

interface Place {
  /** The words before: `` or `servers` or `servers add`. */
  path: string;
  words: string[];
}

/** A script that completes commands and options; it is made of fixed words only, so that it needs no quoting. */
export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, []);
  return shell === 'FISH' ? fishScript(places) : bashScript(places, shell);
}

function placesOf(command: Command, path: readonly string[]): Place[] {
  const names = command.commands.flatMap((child) => [child.name(), ...child.aliases()]);
  const inherited = command.parent ? globalOptions(command) : [];
  const options = [...command.options, ...inherited].flatMap(({ long }) => (long ? [long] : []));
  const here = { path: path.join(' '), words: [...names, ...new Set(options)] };
  const below = command.commands.flatMap((child) =>
    [child.name(), ...child.aliases()].flatMap((name) => placesOf(child, [...path, name])),
  );
  return [here, ...below];
}

function globalOptions(command: Command): Command['options'] {
  let root = command;
  while (root.parent) root = root.parent;
  return [...root.options];
}

function bashScript(places: readonly Place[], shell: Shell): string {
  const cases = places.map(({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`).join('\n');
  const setUp =
    shell === 'ZSH' ? 'autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n' : '';
  return `${setUp}_pilothouse() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -- ]] && return
    [[ $word == -* ]] && break
    path="\${path:+$path }$word"
  done
  while :; do
    case "$path" in
${cases}
    esac
    [[ -n $words || -z $path ]] && break
    [[ $path == *' '* ]] && path="\${path% *}" || path=''
  done
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _pilothouse -o default pilothouse
`;
}

function fishScript(places: readonly Place[]): string {
  const lines = places.map(({ path, words }) => {
    const isHere = path === '' ? '__fish_use_subcommand' : `string match -q "pilothouse ${path}*" -- (commandline -cp)`;
    return `complete -c pilothouse -f -n '${isHere}' -a '${words.join(' ')}'`;
  });
  return `${lines.join('\n')}\n`;
}
