import type { WebSocket } from 'ws';

/** Far more than metrics, reports and the output of commands come to, and little enough for a thousand neighbours. */
const BYTES_PER_SECOND = 8 * 2 ** 20;
const BURST_BYTES = 8 * 2 ** 20;
/** What a message costs beside its bytes. */
const BYTES_PER_MESSAGE = 4096;

/** Reads from a socket no faster than one agent's share: what comes beyond it waits on the agent's own host. */
export function paceReading(socket: WebSocket): void {
  let aheadBytes = 0;
  let lastMs = performance.now();
  socket.on('message', (data: Buffer) => {
    const nowMs = performance.now();
    aheadBytes = Math.max(0, aheadBytes - ((nowMs - lastMs) / 1000) * BYTES_PER_SECOND);
    aheadBytes += data.length + BYTES_PER_MESSAGE;
    lastMs = nowMs;
    if (aheadBytes <= BURST_BYTES || socket.isPaused) return;
    socket.pause();
    setTimeout(() => socket.resume(), ((aheadBytes - BURST_BYTES) / BYTES_PER_SECOND) * 1000);
  });
}
