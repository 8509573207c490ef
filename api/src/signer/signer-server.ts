import { once } from 'node:events';
import { chmod, rename } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../kernel/log.js';
import {
  RequestReader,
  SIGNER_SOCKET_LIMITS,
  writeEnvelope,
  writeMessage,
  type SignerRequest,
  type WrittenAnswer,
} from './signer-messages.js';
import { SigningRefused, type Signer } from './signer.port.js';

/** Owner and group may connect, nobody else: the file's permissions are all that is asked of a peer. */
const SOCKET_MODE = 0o660;
/** Nobody waits longer for an answer; a peer that does not read its own must not keep the signer from ending. */
const LAST_ANSWERS_MS = 1000;

/**
 * Serves a signer on a unix socket. A peer that sends what is no request loses its connection and harms no other; one
 * that asks more at a time than is allowed is read no further until it has its answers.
 */
export class SignerServer {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly working = new Set<Promise<void>>();
  private closing = false;

  constructor(private readonly parts: { signer: Signer; log: Logger }) {
    this.server = createServer((socket) => this.serve(socket));
    this.server.maxConnections = SIGNER_SOCKET_LIMITS.maxConnections;
  }

  /** Takes the place of a socket that a signer before left behind. */
  async listen(path: string): Promise<void> {
    const draft = `${path}.${process.pid}`;
    this.server.listen(draft);
    await once(this.server, 'listening');
    await chmod(draft, SOCKET_MODE);
    await rename(draft, path);
  }

  /** Gives what was taken its answer first. The socket's file stays: the next start replaces it. */
  async close(): Promise<void> {
    this.closing = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.pause();
    await Promise.race([Promise.all(this.working), delay(LAST_ANSWERS_MS, undefined, { ref: false })]);
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private serve(socket: Socket): void {
    const { log } = this.parts;
    const reader = new RequestReader();
    let working = 0;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', (error) => log.debug({ err: error }, 'A connection to the signer broke'));
    const take = async (request: SignerRequest) => {
      working += 1;
      if (working >= SIGNER_SOCKET_LIMITS.maxRequestsAtOnce) socket.pause();
      const answer = await this.answer(request);
      if (socket.writable) await new Promise((sent) => socket.write(writeMessage(answer), sent));
      working -= 1;
      if (!this.closing) socket.resume();
    };
    socket.on('data', (piece: Buffer) => {
      try {
        for (const request of reader.read(piece)) this.track(take(request));
      } catch (error) {
        log.warn({ err: error }, 'A connection to the signer was closed: it sent what is no request');
        socket.destroy();
      }
    });
  }

  private track(work: Promise<void>): void {
    const tracked = work.finally(() => this.working.delete(tracked));
    this.working.add(tracked);
  }

  /** Why it failed is for the signer's own log; the api is told no more than that. */
  private async answer(request: SignerRequest): Promise<WrittenAnswer> {
    const { id } = request;
    try {
      return await this.ask(request);
    } catch (error) {
      if (error instanceof SigningRefused) {
        return { kind: 'refused', id, refusal: error.refusal, message: error.message };
      }
      this.parts.log.error({ err: error, kind: request.kind }, 'A request to the signer failed');
      return { kind: 'failed', id };
    }
  }

  private async ask(request: SignerRequest): Promise<WrittenAnswer> {
    const { signer } = this.parts;
    const { id } = request;
    switch (request.kind) {
      case 'sign':
        return { kind: 'signed', id, envelopes: (await signer.sign(request)).map(writeEnvelope) };
      case 'anchor':
        return { kind: 'anchored', id, anchor: await signer.signAnchor(request.place) };
      case 'status':
        return { kind: 'status', id, ...(await signer.status()) };
    }
  }
}
