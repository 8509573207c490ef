import { join } from 'node:path';
import { root } from './root.mjs';
import { binPath } from './run.mjs';

/**
 * What to give Node to check the imports of some directories against `.dependency-cruiser.cjs`.
 *
 * @param {readonly string[]} directories relative to the working directory
 * @param {'err' | 'json'} [outputType]
 */
export function importRuleArgs(directories, outputType = 'err') {
  const preload = ['--require', join(root, 'scripts/lib/swc-reads-tsx.cjs')];
  const rules = ['--config', join(root, '.dependency-cruiser.cjs')];
  return [...preload, binPath('depcruise'), ...rules, '--output-type', outputType, ...directories];
}
