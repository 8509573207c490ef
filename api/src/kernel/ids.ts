import { notFound } from './fault.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Whether a text can be an id at all. What cannot is answered like an id that does not exist. */
export function isId(text: string): boolean {
  return UUID.test(text);
}

/** An id as clients sent it. @throws NOT_FOUND for one that no row can have, as for one that no row has. */
export function knownId(id: string, what: string): string {
  if (!isId(id)) throw notFound(what);
  return id;
}
