import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { AuditAnchor, SignedEnvelope } from '@pilothouse/protocol';
import {
  AnswerReader,
  SIGNER_SOCKET_LIMITS,
  writeMessage,
  type SignerAnswer,
  type SignerRequest,
} from './signer-messages.js';
import { SigningRefused, type ChainPlace, type OpenSigner, type SignRequest } from './signer.port.js';

type Question = SignerRequest extends infer Request
  ? Request extends SignerRequest
    ? Omit<Request, 'id'>
    : never
  : never;
type AnswerOf<Kind extends SignerAnswer['kind']> = Extract<SignerAnswer, { kind: Kind }>;

interface Waiting {
  resolve: (answer: SignerAnswer) => void;
  reject: (error: Error) => void;
}

/**
 * The signer in a process of its own, as the api reaches it. Connects when it is first asked, and anew whenever the
 * connection has gone. A question that was under way then fails and is not repeated: its transaction rolls back.
 */
export class SocketSigner implements OpenSigner {
  private readonly waiting = new Map<number, Waiting>();
  private readonly deadlineMs: number;
  private connecting: Promise<Socket> | null = null;
  private lastId = 0;
  private closed = false;

  constructor(
    private readonly path: string,
    { deadlineMs = SIGNER_SOCKET_LIMITS.deadlineMs }: { deadlineMs?: number } = {},
  ) {
    this.deadlineMs = deadlineMs;
  }

  async sign({ credential, audit, intents }: SignRequest): Promise<SignedEnvelope[]> {
    const { envelopes } = await this.ask({ kind: 'sign', credential, audit, intents: [...intents] }, 'signed');
    if (envelopes.length !== intents.length) throw new Error('The signer signed other than it was asked');
    return envelopes;
  }

  async signAnchor(place: ChainPlace): Promise<AuditAnchor> {
    return (await this.ask({ kind: 'anchor', place }, 'anchored')).anchor;
  }

  async status(): Promise<{ frozen: boolean }> {
    const { frozen } = await this.ask({ kind: 'status' }, 'status');
    return { frozen };
  }

  async close(): Promise<void> {
    this.closed = true;
    const socket = await this.connecting?.catch(() => null);
    socket?.destroy();
  }

  private async ask<Kind extends SignerAnswer['kind']>(question: Question, expected: Kind): Promise<AnswerOf<Kind>> {
    const answer = await this.exchange(question);
    if (answer.kind === 'refused') throw new SigningRefused(answer.refusal, answer.message);
    if (answer.kind !== expected) throw new Error('The signer failed; its own log says why');
    return answer as AnswerOf<Kind>;
  }

  private async exchange(question: Question): Promise<SignerAnswer> {
    if (this.waiting.size >= SIGNER_SOCKET_LIMITS.maxRequestsAtOnce) throw new Error('The signer is too busy');
    const id = (this.lastId += 1);
    const message = writeMessage({ ...question, id } as SignerRequest);
    if (message.length > SIGNER_SOCKET_LIMITS.maxRequestBytes)
      throw new Error('The signer takes no request this large');
    return new Promise<SignerAnswer>((resolve, reject) => {
      const end = () => {
        clearTimeout(late);
        this.waiting.delete(id);
      };
      const waiting: Waiting = {
        resolve: (answer) => (end(), resolve(answer)),
        reject: (error) => (end(), reject(error)),
      };
      const late = setTimeout(
        () => waiting.reject(new Error(`The signer took longer than ${this.deadlineMs} ms`)),
        this.deadlineMs,
      );
      this.waiting.set(id, waiting);
      this.connected()
        .then((socket) => send(socket, message))
        .catch(waiting.reject);
    });
  }

  private connected(): Promise<Socket> {
    if (this.closed) return Promise.reject(new Error('The connection to the signer is closed'));
    return (this.connecting ??= this.connect().catch((error: unknown) => {
      this.connecting = null;
      throw error;
    }));
  }

  private async connect(): Promise<Socket> {
    const socket = createConnection(this.path);
    await once(socket, 'connect');
    const reader = new AnswerReader();
    socket.on('error', () => undefined); // 'close' follows, and is what counts
    socket.on('close', () => this.disconnected());
    socket.on('data', (piece: Buffer) => {
      try {
        for (const answer of reader.read(piece)) this.waiting.get(answer.id)?.resolve(answer);
      } catch (cause) {
        socket.destroy();
        this.failAll(new Error('What answers at the signer’s socket is no signer', { cause }));
      }
    });
    return socket;
  }

  private disconnected(): void {
    this.connecting = null;
    this.failAll(new Error('The connection to the signer broke'));
  }

  private failAll(error: Error): void {
    for (const waiting of [...this.waiting.values()]) waiting.reject(error);
  }
}

/** What a signer that hangs does not read must not pile up here. */
function send(socket: Socket, message: Buffer): void {
  if (socket.writableLength > SIGNER_SOCKET_LIMITS.maxRequestBytes) throw new Error('The signer does not read');
  socket.write(message);
}
