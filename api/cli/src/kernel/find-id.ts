import { allPages, type ReadPage } from './all-pages.js';
import { CliError, EXIT } from './cli-error.js';

const WHOLE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const BEGINNING = /^[0-9a-f][0-9a-f-]{3,}$/i;
/** So many of the newest are looked through for the beginning of an id. */
const LOOKED_THROUGH = 2000;

export function isWholeId(text: string): boolean {
  return WHOLE_ID.test(text);
}

export function isBeginningOfId(text: string): boolean {
  return BEGINNING.test(text);
}

/** Those whose id begins with what was typed: at least four characters. */
export function withIdLike<Thing extends { id: string }>(things: readonly Thing[], given: string): Thing[] {
  return BEGINNING.test(given) ? things.filter(({ id }) => id.startsWith(given.toLowerCase())) : [];
}

/** An id that was typed whole, or by its beginning where only one of the newest begins so. @throws CliError */
export async function findId(what: string, given: string, read: ReadPage<{ id: string }>): Promise<string> {
  if (isWholeId(given)) return given.toLowerCase();
  const alike = BEGINNING.test(given) ? withIdLike(await allPages(read, LOOKED_THROUGH), given) : [];
  return onlyOne(what, given, alike).id;
}

/** @throws CliError where nothing or several things are meant. */
export function onlyOne<Thing extends { id: string }>(what: string, given: string, found: readonly Thing[]): Thing {
  const [first] = found;
  if (first && found.length === 1) return first;
  const problem = first ? `Several are meant by ${given}. Type more of the id.` : `There is no ${what} ${given}.`;
  throw new CliError(problem, EXIT.notFound, 'NOT_FOUND');
}
