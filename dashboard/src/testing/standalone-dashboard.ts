import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../api/src/testing/free-port.js';
import { createDashboardProxy } from '../../../api/src/transport/dashboard-proxy.js';

const serverProgram = fileURLToPath(new URL('../../.next/standalone/dashboard/server.js', import.meta.url));

/** A control plane reduced to what the first page asks it; a test sets what it answers. */
export interface Scene {
  origin: string;
  health: { status: string; version: string };
  setupCompleted: boolean;
  /** Every path that was asked for. */
  requested: string[];
  /** Those of some addresses that are not of this origin. */
  foreign(addresses: string[]): string[];
  /** Lets the next question about its health wait until the function that is returned is called. */
  holdHealth(): () => void;
  /** Ends the control plane while the page stays open, and begins it anew on the same port. */
  stopControlPlane(): Promise<void>;
  startControlPlane(): Promise<void>;
  close(): Promise<void>;
}

/** The built dashboard, served as the api serves it: behind the real proxy, on one origin with the API. */
export async function openScene(): Promise<Scene> {
  const dashboardPort = await freePort();
  const dashboard = spawn(process.execPath, ['--disable-proto=delete', serverProgram], {
    env: { NODE_ENV: 'production', HOSTNAME: '127.0.0.1', PORT: String(dashboardPort) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = new Promise<void>((resolve, reject) => {
    dashboard.stdout.on('data', (chunk: Buffer) => chunk.includes('Ready') && resolve());
    dashboard.once('exit', () => reject(new Error('The dashboard ended while starting: is it built?')));
  });
  await ready;

  const toDashboard = createDashboardProxy({ port: dashboardPort });
  const controlPlane = createServer((request, response) => answer(request, response));
  let held = Promise.resolve();
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    scene.requested.push(request.url ?? '');
    if (request.url === '/healthz') return void held.then(() => sendJson(response, scene.health));
    if (request.url === '/graphql') return sendJson(response, { data: { setup: { completed: scene.setupCompleted } } });
    return toDashboard(request, response);
  };
  const listen = async (port: number) => void (await once(controlPlane.listen(port, '127.0.0.1'), 'listening'));
  await listen(0);
  const { port } = controlPlane.address() as AddressInfo;
  const stopControlPlane = async () => {
    controlPlane.close();
    controlPlane.closeAllConnections();
  };
  const scene: Scene = {
    origin: `http://127.0.0.1:${port}`,
    health: { status: 'ok', version: '1.2.3' },
    setupCompleted: false,
    requested: [],
    foreign: (addresses) => addresses.filter((address) => new URL(address).origin !== scene.origin),
    holdHealth: () => {
      let release = () => {};
      held = new Promise((resolve) => (release = resolve));
      return () => release();
    },
    stopControlPlane,
    startControlPlane: () => listen(port),
    close: async () => {
      await stopControlPlane();
      dashboard.kill('SIGKILL');
      await once(dashboard, 'close');
    },
  };
  return scene;
}

function sendJson(response: ServerResponse, body: object): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
