import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { paceReading } from './paced-reading.js';

const MIB = 2 ** 20;

let server: WebSocketServer;
let client: WebSocket;
let received: number;
beforeEach(async () => {
  received = 0;
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    paceReading(socket);
    socket.on('message', (data: Buffer) => {
      received += data.length;
      socket.send(String(received));
    });
  });
  await once(server, 'listening');
  client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await once(client, 'open');
});
afterEach(() => {
  client.terminate();
  server.close();
});

async function send(bytes: number): Promise<void> {
  const goal = received + bytes;
  for (let sent = 0; sent < bytes; sent += MIB) client.send(Buffer.alloc(MIB));
  while (received < goal) await once(client, 'message');
}

it('takes a burst of 7 MiB at once, and 16 MiB in no less than the time that 8 of them are worth', async () => {
  const beganMs = performance.now();
  await send(7 * MIB);
  const burstMs = performance.now() - beganMs;
  await send(9 * MIB);
  const wholeMs = performance.now() - beganMs;
  expect(wholeMs).toBeGreaterThan(900);
  expect(burstMs).toBeLessThan(wholeMs / 2);
}, 20_000);
