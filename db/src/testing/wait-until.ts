import { setTimeout as delay } from 'node:timers/promises';

/** Looks again until it is so; the test's own time limit ends it. */
export async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(10);
}
