import type { ToParent } from '../process/parent.js';
import type { EnrolmentOffer } from './local-agent.js';

export interface ApiConversationOptions {
  /** An owner exists; `offers` when one was made just now, because then the api offers a token unasked. */
  onOwner: (owner: { offers: boolean }) => void;
  onOffer: (offer: EnrolmentOffer) => void;
  /** A restarted api has a fresh code. */
  onNewCode: (code: string) => void;
}

const MAX_FAILED_STARTS = 3;

/** What the api's process tells its supervisor, over its restarts. */
export class ApiConversation {
  /** The set-up code, null where an owner exists, once the api listens. Rejects when it cannot be started. */
  readonly ready: Promise<string | null>;
  #resolveReady: (code: string | null) => void = () => undefined;
  #rejectReady: (error: Error) => void = () => undefined;
  #isReady = false;
  #failedStarts = 0;
  #code: string | null | undefined;

  constructor(private readonly options: ApiConversationOptions) {
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
  }

  /** Its process ended, so whatever it said is void. */
  ended(): void {
    this.#code = undefined;
    if (this.#isReady) return;
    this.#failedStarts += 1;
    if (this.#failedStarts < MAX_FAILED_STARTS) return;
    this.#rejectReady(
      new Error(`The api ended ${MAX_FAILED_STARTS} times before it listened; logs/api.log says more.`),
    );
  }

  take(message: unknown): void {
    const said = message as ToParent;
    switch (said.type) {
      case 'setup-code':
        return this.#takeCode(said.code);
      case 'listening':
        this.#isReady = true;
        return this.#resolveReady(this.#code ?? null);
      case 'local-enrolment':
        return this.options.onOffer(said);
    }
  }

  #takeCode(code: string | null): void {
    const hadCode = typeof this.#code === 'string';
    this.#code = code;
    if (code === null) this.options.onOwner({ offers: hadCode });
    else if (this.#isReady) this.options.onNewCode(code);
  }
}
