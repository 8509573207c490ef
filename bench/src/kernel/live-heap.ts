import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { openDescriptors } from './processes.js';

/** Where Node's debugger listens when a process is told to open it. */
const DEBUGGER_PORT = 9229;
const PATIENCE_MS = 10_000;
const LISTENING = '0A';

/**
 * What of a Node process's heap is alive, in bytes: its debugger collects everything else first. What is in use without
 * that rises and falls by more in a minute than a leak comes to in hours.
 *
 * The process needs no preparation: Node opens its debugger, on loopback, upon SIGUSR1. It is closed again.
 */
export async function liveHeapBytes(pid: number): Promise<number> {
  process.kill(pid, 'SIGUSR1');
  await until(() => listens(pid), `Process ${pid} does not open its debugger; is port ${DEBUGGER_PORT} taken?`);
  const answer = await fetch(`http://127.0.0.1:${DEBUGGER_PORT}/json`);
  const [target] = (await answer.json()) as { webSocketDebuggerUrl: string }[];
  const bytes = await collectAndCount(new WebSocket(target?.webSocketDebuggerUrl ?? ''));
  await until(() => !listens(pid), `Process ${pid} does not close its debugger`);
  return bytes;
}

async function collectAndCount(session: WebSocket): Promise<number> {
  try {
    await new Promise((resolve, reject) => session.once('open', resolve).once('error', reject));
    await ask(session, 'HeapProfiler.collectGarbage');
    const { usedSize } = (await ask(session, 'Runtime.getHeapUsage')) as { usedSize: number };
    // It waits for the session to end, and so must not be waited for by it.
    await ask(session, 'Runtime.evaluate', { expression: 'void setTimeout(() => process._debugEnd(), 10)' });
    return usedSize;
  } finally {
    session.terminate();
  }
}

function ask(session: WebSocket, method: string, params: object = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.once('message', (data: Buffer) => {
      const { result, error } = JSON.parse(data.toString()) as { result?: unknown; error?: { message: string } };
      if (error) reject(new Error(`${method}: ${error.message}`));
      else resolve(result);
    });
    session.once('close', () => reject(new Error(`${method}: the debugger is gone`)));
    session.send(JSON.stringify({ id: 1, method, params }));
  });
}

async function until(holds: () => boolean, otherwise: string): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; !holds(); await delay(20)) {
    if (performance.now() > endMs) throw new Error(otherwise);
  }
}

/** Whether it is this process that listens on the debugger's port. */
function listens(pid: number): boolean {
  const sockets = new Set(openDescriptors(pid));
  const port = DEBUGGER_PORT.toString(16).toUpperCase();
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .some((row) => {
      const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
      return state === LISTENING && local?.endsWith(`:${port}`) === true && sockets.has(`socket:[${inode}]`);
    });
}
