import type { AgentHello, CloseReason, ControlPlaneAck } from '@pilothouse/protocol';
import type { ControlPlaneClock } from '../kernel/control-plane-clock.js';
import type { FrameSource } from '../kernel/frame-source.js';
import type { LinkLimits } from '../kernel/limits.js';
import { describeError, type Log } from '../kernel/log.js';
import { Backoff } from './backoff.js';
import { Connection, type ConnectionEnd } from './connection.js';
import type { ControlPlaneAddress } from './control-plane-http.js';
import {
  askForChallenge,
  challengeOf,
  checkAck,
  HandshakeError,
  makeHello,
  refreshKeyset,
  type HandshakeParty,
} from './handshake.js';
import { KeysetError } from './keyring.js';
import { isStalled, type LinkState } from './link-state.js';
import { Publisher } from './publisher.js';

/** What `status` shows of the link. */
export interface LinkStatus {
  state: LinkState;
  /** When this state began, by the host's own clock. */
  since: string;
  /** Why the last connection ended or could not be made; null while all is well. */
  lastError: string | null;
  /** What a person has to do before anything changes; null while the link helps itself. */
  advice: string | null;
  epoch: ControlPlaneAck['epoch'] | null;
  protocolVersion: number | null;
  /** Attempts of this outage. */
  attempts: number;
}

/** What only a person can change. The link goes on trying all the same: nobody has proven that it was told the truth. */
const ADVICE: Partial<Record<CloseReason, string>> = {
  REVOKED: 'Enrol this host again with a new token: pilothouse-agent enrol --replace',
  VERSION_TOO_OLD: 'Install a newer agent',
};

export interface LinkOptions {
  address: ControlPlaneAddress;
  party: HandshakeParty;
  limits: LinkLimits;
  clock: ControlPlaneClock;
  sources: readonly FrameSource[];
  log: Log;
  /** A verified answer, before anything else happens on the connection: what must be on disk by then is stored here. */
  onOnline: (ack: ControlPlaneAck) => Promise<void>;
  onInstruction: (instruction: unknown) => void;
}

/**
 * Keeps this host connected, for ever.
 *
 * IDLE → CONNECTING → HANDSHAKING → ONLINE → BACKING_OFF → CONNECTING …; PAUSED instead of BACKING_OFF when another
 * instance took over or this one was turned away. No state but ONLINE lasts longer than its deadline, and ONLINE ends
 * with the first `silenceTimeoutMs` of silence.
 */
export class Link {
  /** Resolves once a first attempt has come to something: online, or waiting for the next one. */
  readonly settled: Promise<void>;
  private readonly publisher: Publisher;
  private readonly backoff: Backoff;
  private state: LinkState = 'IDLE';
  private since = new Date();
  private enteredMs = performance.now();
  private waitMs = 0;
  private lastError: string | null = null;
  private advice: string | null = null;
  private ack: ControlPlaneAck | null = null;
  private connection: Connection | null = null;
  private running: Promise<void> | null = null;
  private isStopping = false;
  private needsKeyset = false;
  private endWait: () => void = () => {};
  private settle!: () => void;

  constructor(private readonly options: LinkOptions) {
    this.settled = new Promise((resolve) => (this.settle = resolve));
    this.publisher = new Publisher(options.sources, options.limits.maxFramesPerPublish, options.log);
    this.backoff = new Backoff(options.limits);
  }

  /** False when a state outlasts its own deadline. A control plane that is away does not make it so. */
  get isMoving(): boolean {
    const { state, enteredMs, waitMs } = this;
    const heardMs = this.connection?.heardMs ?? 0;
    return !isStalled({ state, enteredMs, heardMs, waitMs }, this.options.limits, performance.now());
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Gives what is left to the control plane for at most `drainMs`, then ends the connection and every timer. */
  async stop(drainMs = 0): Promise<void> {
    this.isStopping = true;
    this.endWait();
    if (this.state === 'ONLINE' && drainMs > 0) await this.publishedWithin(drainMs);
    await this.connection?.close('This agent is stopping');
    await this.running;
    this.enter('IDLE');
  }

  /** Ends the connection there is, so that the next one is made at once. */
  async reconnect(cause: string): Promise<void> {
    this.backoff.reset();
    await this.connection?.close(cause);
  }

  status(): LinkStatus {
    return {
      state: this.state,
      since: this.since.toISOString(),
      lastError: this.lastError,
      advice: this.advice,
      epoch: this.ack?.epoch ?? null,
      protocolVersion: this.ack?.version ?? null,
      attempts: this.backoff.attempts,
    };
  }

  private async run(): Promise<void> {
    while (!this.isStopping) {
      const end = await this.connectOnce();
      if (this.isStopping) return;
      this.lastError = end.message;
      this.advice = (end.reason && ADVICE[end.reason]) ?? null;
      await this.pauseAfter(end);
    }
  }

  private async pauseAfter({ retry, message }: ConnectionEnd): Promise<void> {
    const waitMs = retry === 'pause' ? this.options.limits.pauseMs : this.backoff.next();
    this.waitMs = waitMs;
    this.enter(retry === 'pause' ? 'PAUSED' : 'BACKING_OFF');
    this.settle();
    const advice = this.advice === null ? {} : { advice: this.advice };
    const fields = { reason: message, ...advice, nextAttemptMs: waitMs, attempts: this.backoff.attempts };
    this.options.log.warn('Not connected', fields);
    await this.wait(waitMs);
  }

  /** One attempt from its first packet to the end of what came of it. */
  private async connectOnce(): Promise<ConnectionEnd> {
    this.enter('CONNECTING');
    await this.refreshKeysetIfNeeded();
    if (this.isStopping) return { message: 'This agent is stopping', reason: null, retry: 'backoff' };
    const connection = this.openConnection();
    this.connection = connection;
    const end = await connection.ended;
    this.needsKeyset ||= end.reason === 'HANDSHAKE_REFUSED';
    this.connection = null;
    this.publisher.use(null);
    this.ack = null;
    return end;
  }

  private openConnection(): Connection {
    const { address, limits, party, clock } = this.options;
    let hello: AgentHello;
    let provenAt: NodeJS.Timeout;
    const connection: Connection = new Connection({
      url: address.url,
      tls: address.tls,
      limits,
      onHandshaking: () => this.enter('HANDSHAKING'),
      introduce: async (headers) => {
        const challenge = challengeOf(headers) ?? (await askForChallenge(address, party.identity.agentId));
        hello = makeHello(party, challenge);
        return { ...hello };
      },
      judge: (payload) => {
        try {
          this.ack = checkAck(party, hello, payload);
        } catch (error) {
          this.needsKeyset = error instanceof HandshakeError || error instanceof KeysetError;
          throw error;
        }
        clock.set(new Date(this.ack.time));
      },
      onOpen: () => {
        provenAt = setTimeout(() => this.backoff.reset(), limits.heartbeatIntervalMs);
        void this.goOnline(connection);
      },
      onInstruction: this.options.onInstruction,
    });
    void connection.ended.then(() => clearTimeout(provenAt));
    return connection;
  }

  private async goOnline(connection: Connection): Promise<void> {
    const { ack } = this;
    if (!ack) return;
    try {
      await this.options.onOnline(ack);
    } catch (error) {
      connection.cut(`What the handshake told could not be stored: ${describeError(error)}`);
      return;
    }
    if (this.connection !== connection || this.isStopping) return;
    this.lastError = null;
    this.advice = null;
    this.enter('ONLINE');
    this.settle();
    const { generation, counter } = ack.epoch;
    this.options.log.info('Online', { url: this.options.address.url, epoch: `${generation}.${counter}` });
    connection.listen();
    this.publisher.use(connection);
  }

  /** After a proof that did not fit, the control plane may have new keys that the root key vouches for. */
  private async refreshKeysetIfNeeded(): Promise<void> {
    if (!this.needsKeyset) return;
    this.needsKeyset = false;
    await refreshKeyset(this.options.address, this.options.party.keyring).catch((error: unknown) => {
      this.options.log.warn('The keyset was not refreshed', { reason: describeError(error) });
    });
  }

  private async publishedWithin(drainMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)));
    await Promise.race([this.publisher.idle(), late]);
    clearTimeout(timer);
  }

  private wait(waitMs: number): Promise<void> {
    if (this.isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.endWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private enter(state: LinkState): void {
    if (state === this.state) return;
    this.state = state;
    this.since = new Date();
    this.enteredMs = performance.now();
    this.options.log.debug('Link', { state });
  }
}
