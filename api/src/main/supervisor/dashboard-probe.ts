import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;
const PROBE_LIMIT_MS = 2_000;

/** Resolves with true once something answers HTTP on a loopback port, with false after `limitMs` or at an abort. */
export async function answersWithin({
  port,
  limitMs,
  signal,
}: {
  port: number;
  limitMs: number;
  signal: AbortSignal;
}): Promise<boolean> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  while (!over.aborted) {
    if (await answers(port, over)) return true;
    await delay(POLL_MS, undefined, { signal: over }).catch(() => undefined); // the loop's condition says the rest
  }
  return false;
}

async function answers(port: number, signal: AbortSignal): Promise<boolean> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PROBE_LIMIT_MS)]);
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: limit });
    await response.body?.cancel();
    return true;
  } catch {
    return false; // Refused, cut or too slow: not answering yet.
  }
}
