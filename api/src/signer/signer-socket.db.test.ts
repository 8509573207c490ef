import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, rm, stat } from 'node:fs/promises';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SignerServer, SocketSigner } from './index.js';
import { writeFrame } from './signer-frames.js';
import { AnswerReader, SIGNER_SOCKET_LIMITS, writeMessage } from './signer-messages.js';
import { SignerScene, type Signatory } from './testing/signer.scene.js';

const PATIENCE_MS = 10_000;
const log = pino({ level: 'silent' });

let scene: SignerScene;
let operator: Signatory;
let serverId: string;
let path: string;
let server: SignerServer;
let signer: SocketSigner;

beforeAll(async () => {
  scene = await SignerScene.start();
  operator = await scene.session();
  serverId = await scene.server();
  path = join(scene.directory, 'signer.sock');
});
afterAll(() => scene.stop());
beforeEach(async () => {
  server = await listen();
  signer = new SocketSigner(path, { deadlineMs: PATIENCE_MS });
});
afterEach(async () => {
  await signer.close();
  await server.close();
});

async function listen(): Promise<SignerServer> {
  const served = new SignerServer({ signer: scene.signer, log });
  await served.listen(path);
  return served;
}

const sign = (by: Pick<SocketSigner, 'sign'> = signer, fields: Parameters<typeof scene.command>[2] = {}) =>
  scene.sign({ actor: operator, intents: [scene.command(operator, serverId, fields)] }, by);

/** Whoever judges waits as long as the work takes. */
async function whileDatabaseHangs<T>(work: () => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: scene.harness.db.adminUrl });
  await client.connect();
  await client.query('begin; lock table sessions in access exclusive mode');
  try {
    return await work();
  } finally {
    await client.query('rollback');
    await client.end();
  }
}

const closed = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve));

/** Sends bytes on a connection of its own. @returns what came back until the signer closed it. */
async function send(...pieces: Buffer[]): Promise<Buffer> {
  const socket = createConnection(path);
  const answered: Buffer[] = [];
  socket.on('data', (piece: Buffer) => answered.push(piece));
  socket.on('error', () => undefined); // cut while it still sends
  for (const piece of pieces) socket.write(piece);
  await closed(socket);
  return Buffer.concat(answered);
}

describe('whoever may not', () => {
  it('is kept out by the socket’s permissions: owner and group may connect', async () => {
    expect((await stat(path)).mode & 0o777).toBe(0o660);
  });

  it.runIf(process.getuid?.() === 0)(
    'cannot connect as another user, unless of the socket’s group (needs root)',
    async () => {
      const [nobody, group] = [65_534, 54_321];
      await chmod(scene.directory, 0o711);
      await chown(path, 0, group);
      const program = `require('node:net').connect(process.argv[1]).once('connect', () => process.exit(0))
      .once('error', ({ code }) => { console.log(code); process.exit(1) })`;
      const connect = (gid: number) =>
        promisify(execFile)(process.execPath, ['-e', program, path], { uid: nobody, gid, cwd: '/', env: {} });
      await expect(connect(nobody)).rejects.toMatchObject({ code: 1, stdout: 'EACCES\n' });
      await connect(group);
    },
  );
});

describe('what is no request', () => {
  const json = (value: unknown) => writeFrame(Buffer.from(JSON.stringify(value)));

  it.each([
    ['random bytes', randomBytes(100_000)],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['an announcement of more than is allowed', Buffer.from('ffffffff', 'hex')],
    ['an empty message', writeFrame(Buffer.alloc(0))],
    ['a message that is not JSON', writeFrame(Buffer.from('{"kind":'))],
    ['a kind that there is not', json({ kind: 'export-key', id: 1 })],
    ['a field too many', json({ kind: 'status', id: 1, key: true })],
    ['bytes to be signed as they are', json({ kind: 'sign', id: 1, bytes: 'aGVsbG8=' })],
    ['a place that is none', json({ kind: 'anchor', id: 1, place: { workspaceId: 'all', sequence: 0, hash: '' } })],
  ])('costs whoever sent it the connection, and nobody else anything: %s', async (_what, bytes) => {
    const lines = (await scene.logged()).length;
    expect(await send(bytes)).toHaveLength(0);
    expect(await sign()).toHaveLength(1);
    expect(await scene.logged()).toHaveLength(lines + 1);
  });

  it('is waited for without harm while it is only half there', async () => {
    const half = createConnection(path);
    half.write(Buffer.from('00ffffff00', 'hex'));
    await once(half, 'connect');
    expect(await sign()).toHaveLength(1);
    half.destroy();
  });
});

describe('a signer that is away', () => {
  it('fails what is asked at once, and signs again when it is back, over the same adapter', async () => {
    expect(await sign()).toHaveLength(1);
    await server.close();
    await expect(sign()).rejects.toThrow(/ECONNREFUSED|broke/);
    await expect(signer.status()).rejects.toThrow('ECONNREFUSED');
    server = await listen();
    expect(await sign()).toHaveLength(1);
  });

  it('was never there: its socket does not exist', async () => {
    await rm(path);
    await expect(sign()).rejects.toThrow('ENOENT');
  });

  it('is not waited for longer than the deadline, and signs the next request', async () => {
    const hasty = new SocketSigner(path);
    await whileDatabaseHangs(async () => {
      await expect(sign(hasty)).rejects.toThrow('The signer took longer than 250 ms');
    });
    expect(await sign()).toHaveLength(1);
    await hasty.close();
  });

  it('finishes what it was asked before it ends', async () => {
    const { signed, ended } = await whileDatabaseHangs(async () => {
      const asked = sign();
      await signer.status(); // by now the request before has been taken
      return { signed: asked, ended: server.close() };
    });
    expect(await signed).toHaveLength(1);
    await ended;
    server = await listen();
  });

  it('is somebody else: what answers is no signer', async () => {
    await server.close();
    const impostor = createServer((socket) => socket.resume().end(Buffer.from('HTTP/1.1 200 OK')));
    await rm(path);
    impostor.listen(path);
    await once(impostor, 'listening');
    await expect(sign()).rejects.toThrow('What answers at the signer’s socket is no signer');
    impostor.close();
    await once(impostor, 'close');
    server = await listen();
    expect(await sign()).toHaveLength(1);
  });
});

describe('what is asked at once', () => {
  const { maxRequestsAtOnce, maxRequestBytes } = SIGNER_SOCKET_LIMITS;

  it('is bounded: just as many as allowed are signed, one more is refused before it is sent', async () => {
    const { asked, oneMore } = await whileDatabaseHangs(async () => {
      const requests = Array.from({ length: maxRequestsAtOnce }, () => sign());
      return { asked: requests, oneMore: await sign().catch((error: unknown) => error) };
    });
    expect(oneMore).toMatchObject({ message: 'The signer is too busy' });
    expect((await Promise.all(asked)).flat()).toHaveLength(maxRequestsAtOnce);
    expect(await sign()).toHaveLength(1);
  });

  it('is answered in the end, however much a peer sends without reading', async () => {
    const count = 10 * maxRequestsAtOnce;
    const socket = createConnection(path);
    socket.pause();
    for (let id = 0; id < count; id += 1) socket.write(writeMessage({ kind: 'status', id }));
    await sign();
    const reader = new AnswerReader();
    const answered = new Set<number>();
    socket.on('data', (piece: Buffer) => {
      for (const { id } of reader.read(piece)) answered.add(id);
      if (answered.size === count) socket.end();
    });
    socket.resume();
    await closed(socket);
    expect(answered.size).toBe(count);
  });

  it('does not keep the signer from ending when its answers are not read', async () => {
    const socket = createConnection(path);
    socket.pause();
    for (let id = 0; id < 10_000; id += 1) socket.write(writeMessage({ kind: 'status', id }));
    await sign();
    await server.close();
    socket.destroy();
    server = await listen();
  });

  it('is bounded in size: just under is signed, just over is refused before it is sent', async () => {
    const scripts = (bytes: number) => {
      const program = { type: 'script' as const, script: 'x'.repeat(bytes), interpreter: 'sh' as const };
      const { arguments: plain } = scene.command(operator, serverId);
      return scene.command(operator, serverId, { arguments: { ...plain, program }, scopes: ['shell'] });
    };
    const ask = (count: number) =>
      scene.sign({ actor: operator, intents: Array.from({ length: count }, () => scripts(256 * 1024)) }, signer);
    const most = Math.floor(maxRequestBytes / (256 * 1024 + 1024));
    expect(await ask(most)).toHaveLength(most);
    await expect(ask(most + 1)).rejects.toThrow('The signer takes no request this large');
    expect(await sign()).toHaveLength(1);
  });
});
