import { buildIfChanged } from './lib/build.mjs';
import { reportFailure } from './lib/failure.mjs';

try {
  const built = await buildIfChanged();
  console.log(built.length === 0 ? 'Everything is built already.' : `Built: ${built.join(', ')}.`);
} catch (error) {
  reportFailure('Build', error);
}
