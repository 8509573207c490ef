import { ENVELOPE_LIMITS, envelopeSchema, parseJson, sha256Hex, type CommandIntent } from '@pilothouse/protocol';
import { Journal } from '../../link/journal.js';
import { commandRecordSchema, type CommandRecord, type DoneRecord, type StartedInfo } from './command-records.js';

/** A command whose end is not yet signed. */
export interface OpenCommand {
  readonly intent: CommandIntent;
  /** SHA-256 of the envelope's exact bytes. */
  readonly envelopeDigest: string;
  started: StartedInfo | null;
  /** Resolves when RECEIVED is on disk, and may be acted upon. */
  admitted: Promise<void>;
}

const FORGET_INTERVAL_MS = 60_000;

type Entry =
  | { phase: 'open'; forgetAtMs: number; command: OpenCommand }
  | { phase: 'done'; forgetAtMs: number; record: DoneRecord }
  /** Only remembered, so that it is never run again. */
  | { phase: 'reported'; forgetAtMs: number }
  | { phase: 'cancel'; forgetAtMs: number; commandId: string };

export interface LedgerOptions {
  path: string;
  onTornTail: (bytes: number) => void;
}

/**
 * What this agent knows of every instruction it was given, on disk and in memory: the reason why no command runs twice.
 * Remembers each until a day after its expiry, when the control plane's signature no longer lets it in.
 */
export class CommandLedger {
  private readonly entries = new Map<string, Entry>();
  private readonly cancelled = new Set<string>();
  private forgotAtMs = 0;
  private journal!: Journal;

  static async open(options: LedgerOptions): Promise<CommandLedger> {
    const ledger = new CommandLedger();
    const { path, onTornTail } = options;
    const keep = (record: unknown) => ledger.isStillOfUse(record);
    ledger.journal = await Journal.open({ path, onTornTail, keep }, (record) => {
      const parsed = commandRecordSchema.safeParse(record);
      if (parsed.success) ledger.apply(parsed.data);
    });
    return ledger;
  }

  phaseOf(id: string): Entry['phase'] | null {
    return this.entries.get(id)?.phase ?? null;
  }

  openCommand(id: string): OpenCommand | null {
    const entry = this.entries.get(id);
    return entry?.phase === 'open' ? entry.command : null;
  }

  openCommands(): OpenCommand[] {
    return [...this.entries.values()].flatMap((entry) => (entry.phase === 'open' ? [entry.command] : []));
  }

  /** Results that the control plane does not have yet. */
  unreported(): DoneRecord[] {
    return [...this.entries.values()].flatMap((entry) => (entry.phase === 'done' ? [entry.record] : []));
  }

  /** Whether a cancel instruction named this command, whichever of the two came first. */
  wasCancelled(commandId: string): boolean {
    return this.cancelled.has(commandId);
  }

  /** The result of any remembered command; read back from disk once it is reported. */
  async findResult(id: string): Promise<DoneRecord | null> {
    const entry = this.entries.get(id);
    if (entry?.phase === 'done') return entry.record;
    let found: DoneRecord | null = null;
    await this.journal.scan((record) => {
      const parsed = commandRecordSchema.safeParse(record);
      if (parsed.data?.type === 'done' && parsed.data.id === id) found = parsed.data;
    });
    return found;
  }

  /** Known from this moment, on disk when `admitted` resolves; when that rejects it was never known. */
  receive(intent: CommandIntent, envelope: Buffer): OpenCommand {
    const forgetAtMs = forgetTime(intent.expiresAt);
    const admitted = this.journal
      .append({ type: 'received', id: intent.id, forgetAtMs, envelope: envelope.toString('base64') })
      .catch((error: unknown) => {
        this.entries.delete(intent.id);
        throw error;
      });
    const command: OpenCommand = { intent, envelopeDigest: sha256Hex(envelope), started: null, admitted };
    this.entries.set(intent.id, { phase: 'open', forgetAtMs, command });
    return command;
  }

  async receiveCancel(id: string, commandId: string, expiresAt: string): Promise<void> {
    const record: CommandRecord = { type: 'cancel', id, commandId, forgetAtMs: forgetTime(expiresAt) };
    await this.journal.append(record);
    this.apply(record);
  }

  /** @throws when it cannot be written: then nothing may be started. */
  async start(id: string, info: StartedInfo): Promise<void> {
    const record: CommandRecord = { type: 'started', id, ...info };
    await this.journal.append(record);
    this.apply(record);
  }

  async finish(record: DoneRecord): Promise<void> {
    await this.journal.append(record);
    this.apply(record);
  }

  async reported(id: string): Promise<void> {
    const record: CommandRecord = { type: 'reported', id };
    this.apply(record);
    await this.journal.append(record);
  }

  /**
   * Forgets what the control plane's signature no longer lets in. `now` is the control plane's time: by a host's clock
   * that runs ahead, ids would be forgotten that can still be replayed.
   */
  forget(now: Date): void {
    const nowMs = now.getTime();
    if (nowMs - this.forgotAtMs < FORGET_INTERVAL_MS) return;
    this.forgotAtMs = nowMs;
    for (const [id, entry] of this.entries) {
      if (entry.forgetAtMs > nowMs || entry.phase === 'open' || entry.phase === 'done') continue;
      this.entries.delete(id);
      if (entry.phase === 'cancel') this.cancelled.delete(entry.commandId);
    }
  }

  close(): Promise<void> {
    return this.journal.close();
  }

  private apply(record: CommandRecord): void {
    const entry = this.entries.get(record.id);
    switch (record.type) {
      case 'received': {
        const bytes = Buffer.from(record.envelope, 'base64');
        const { intent } = envelopeSchema.parse(parseJson(bytes));
        if (intent.kind !== 'command') return;
        const admitted = Promise.resolve();
        const command = { intent, envelopeDigest: sha256Hex(bytes), started: null, admitted };
        this.entries.set(record.id, { phase: 'open', forgetAtMs: record.forgetAtMs, command });
        return;
      }
      case 'started': {
        const { startedAt, bootId, unit, attempt } = record;
        if (entry?.phase === 'open') entry.command.started = { startedAt, bootId, unit, attempt };
        return;
      }
      case 'done':
        this.entries.set(record.id, { phase: 'done', forgetAtMs: record.forgetAtMs, record });
        return;
      case 'reported':
        if (entry) this.entries.set(record.id, { phase: 'reported', forgetAtMs: entry.forgetAtMs });
        return;
      case 'cancel':
        this.entries.set(record.id, { ...record, phase: 'cancel' });
        this.cancelled.add(record.commandId);
    }
  }

  private isStillOfUse(value: unknown): boolean {
    const record = commandRecordSchema.safeParse(value).data;
    const entry = record && this.entries.get(record.id);
    if (!entry) return false;
    return entry.phase === 'open' || (record.type !== 'received' && record.type !== 'started');
  }
}

/** Until when an id must be remembered: a day past the expiry of its envelope. */
export function forgetTime(expiresAt: string): number {
  return Date.parse(expiresAt) + ENVELOPE_LIMITS.journalMemoryMs;
}
