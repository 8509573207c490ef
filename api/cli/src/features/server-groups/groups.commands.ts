import type { Command } from 'commander';
import type { Act } from '../../kernel/act.js';
import { addGroup, editGroup, listGroups, removeGroup } from './groups.js';

export function registerGroups(program: Command, act: Act): void {
  const groups = program.command('groups').description('groups of servers; they nest, as europe/web');
  groups.command('list', { isDefault: true }).description('list them as a tree').action(act(listGroups));
  groups
    .command('add <name>')
    .description('make a group')
    .option('--in <group>', 'the group it shall lie in')
    .option('--colour <colour>', 'as #rrggbb')
    .action(act(addGroup));
  groups
    .command('edit <group>')
    .description('rename, move or colour a group')
    .option('--name <name>', 'another name')
    .option('--in <group>', 'the group it shall lie in')
    .option('--top', 'out of every group')
    .option('--colour <colour>', 'as #rrggbb, or none')
    .action(act(editGroup));
  groups
    .command('remove <group>')
    .description('delete a group; its servers stay')
    .option('--move-to <group>', 'where its servers and groups go; top: out of every group')
    .action(act(removeGroup));
}
