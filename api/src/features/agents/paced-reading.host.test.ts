import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi, type MockInstance } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { paceReading } from './paced-reading.js';

const MIB = 2 ** 20;

let server: WebSocketServer;
let client: WebSocket;
let received: number;
let pauses: MockInstance;
beforeEach(async () => {
  received = 0;
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  server.on('connection', (socket) => {
    pauses = vi.spyOn(socket, 'pause');
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

it('takes a burst of 7 MiB at once, and 17 MiB in no less than the second that 8 of them are worth', async () => {
  const beganMs = performance.now();
  await send(7 * MIB);
  expect(pauses).not.toHaveBeenCalled();
  await send(10 * MIB);
  expect(performance.now() - beganMs).toBeGreaterThan(1000);
}, 20_000);
