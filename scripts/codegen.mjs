import { parseArgs } from 'node:util';
import { reportFailure } from './lib/failure.mjs';
import { generate } from './lib/generated.mjs';

const { values } = parseArgs({ options: { 'rewrite-manifest': { type: 'boolean', default: false } } });

try {
  await generate({ rewriteManifest: values['rewrite-manifest'] });
} catch (error) {
  reportFailure('Code generation', error);
}
