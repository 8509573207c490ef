import { checkGenerated } from './generated.mjs';
import { importRuleArgs } from './import-rules.mjs';
import { run, runBin } from './run.mjs';

const sourceDirs = ['db', 'agent', 'api', 'dashboard', 'bench', 'scripts'];

/**
 * What must hold before any test is worth running, quickest answer first.
 *
 * @type {readonly { name: string, run: () => Promise<void> }[]}
 */
export const checks = [
  {
    name: 'format',
    run: () => runBin('prettier', ['--check', '--log-level', 'warn', '--cache', '.']),
  },
  {
    name: 'types',
    run: async () => {
      await runBin('tsc', ['-b']);
      await runBin('tsc', ['-p', 'scripts']);
      await runBin('tsc', ['-p', 'dashboard', '--noEmit']);
    },
  },
  { name: 'lint', run: () => runBin('oxlint', ['--deny-warnings']) },
  { name: 'import rules', run: () => run(process.execPath, importRuleArgs(sourceDirs), { calledAs: 'depcruise' }) },
  { name: 'generated files', run: checkGenerated },
];
