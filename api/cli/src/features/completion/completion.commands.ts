import type { Command } from 'commander';
import type { Act } from '../../kernel/act.js';
import { choice } from '../../input/choice.js';
import { completionScript, SHELLS } from './completion-script.js';

export function registerCompletion(program: Command, act: Act): void {
  program
    .command('completion')
    .description('print a completion script: source <(pilothouse completion bash)')
    .argument('<shell>', 'bash, zsh or fish', choice('A shell', SHELLS))
    .action(
      act((cli, shell) =>
        cli.output.answer({ script: completionScript(program, shell) }, () => completionScript(program, shell)),
      ),
    );
}
