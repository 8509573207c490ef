import { openKeyset, type Keyset, type KeysetProblem, type SignedKeyset } from '@pilothouse/protocol';
import { readIfPresent, writeFileDurably } from '../kernel/durable-file.js';

/** Why a keyset was not taken. */
export class KeysetError extends Error {
  override name = 'KeysetError';
  constructor(readonly problem: KeysetProblem) {
    super(KEYSET_PROBLEMS[problem]);
  }
}

const KEYSET_PROBLEMS: Record<KeysetProblem, string> = {
  MALFORMED: 'The control plane’s keyset is malformed',
  WRONG_ROOT: 'The control plane’s root key is not the pinned one: this is another installation, or somebody between',
  BAD_SIGNATURE: 'The keyset is not signed by the root key',
  OLDER: 'The keyset is older than one already seen',
};

/** The control plane's public keys as the pinned root key vouches for them. Versions only rise, also over restarts. */
export class Keyring {
  private constructor(
    private readonly path: string,
    private readonly rootFingerprint: string,
    private held: Keyset,
  ) {}

  /** @throws when no usable keyset is stored, which means that enrolment did not finish. */
  static async load(path: string, rootFingerprint: string): Promise<Keyring> {
    const text = await readIfPresent(path);
    const opened = openKeyset(parse(text), rootFingerprint);
    if (!opened.ok)
      throw new Error(`${path} cannot be used: enrol this host again`, { cause: new KeysetError(opened.problem) });
    return new Keyring(path, rootFingerprint, opened.keyset);
  }

  /** Keeps the first keyset of an enrolment, which has been checked against the pin. */
  static store(path: string, signed: SignedKeyset): Promise<void> {
    return writeFileDurably(path, JSON.stringify(signed), 0o600);
  }

  get keyset(): Keyset {
    return this.held;
  }

  /** Checks a keyset without taking it over. @throws KeysetError */
  open(received: unknown): Keyset {
    const opened = openKeyset(received, this.rootFingerprint, this.held.version);
    if (!opened.ok) throw new KeysetError(opened.problem);
    return opened.keyset;
  }

  /** Checks a keyset, stores it, then uses it. @throws KeysetError */
  async adopt(received: SignedKeyset): Promise<void> {
    const keyset = this.open(received);
    if (keyset.version === this.held.version) return;
    await Keyring.store(this.path, received);
    if (keyset.version > this.held.version) this.held = keyset;
  }
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    // What is no JSON is no keyset; the caller says what to do.
    return null;
  }
}
