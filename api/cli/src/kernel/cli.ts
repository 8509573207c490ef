import { certificatePin, controlPlaneOrigin, DEFAULT_URL } from './address.js';
import { ApiFault, CliError, EXIT } from './cli-error.js';
import { CredentialsStore, type KnownControlPlane } from './credentials.store.js';
import { CALLED, type Environment } from './environment.js';
import { Session } from './session.js';
import { Output } from '../ui/output.js';
import { Prompt } from '../ui/prompt.js';

/** Options that every command takes. */
export interface GlobalOptions {
  json?: boolean;
  url?: string;
  workspace?: string;
  passwordStdin?: boolean;
}

/** What this program does about who is there. */
export interface Identification {
  /** Confirms it with a password. @returns the session's new token. */
  confirm: (cli: Cli, session: Session) => Promise<string>;
  /** What to say where nobody is signed in. @throws Unreachable */
  explainNobody: (cli: Cli, session: Session) => Promise<CliError>;
}

const OUTAGES = {
  LOST: 'Connection lost. Reconnecting.',
  WHOLE: 'Reconnected, nothing lost.',
  BACK: 'Reconnected. What came meanwhile is not shown.',
} as const;

/** One invocation of the program: where it talks to, as whom, and how it answers. */
export class Cli {
  readonly output: Output;
  readonly prompt: Prompt;
  readonly credentials: CredentialsStore;
  private opened: Session | null = null;

  constructor(
    readonly environment: Environment,
    private readonly options: GlobalOptions,
    private readonly identification: Identification,
  ) {
    this.output = new Output({ json: options.json ?? false, noColour: environment.noColour });
    this.prompt = new Prompt({ passwordStdin: options.passwordStdin ?? false });
    this.credentials = new CredentialsStore(environment.configDirectory);
  }

  /** Address of the control plane: by option, by environment, the last one signed in to, or the default. */
  async origin(): Promise<string> {
    const { url, insecureHttp } = this.environment;
    const wanted = this.options.url ?? url ?? (await this.credentials.current()) ?? DEFAULT_URL;
    return controlPlaneOrigin(wanted, { insecureHttp });
  }

  /** What is used to talk to the API. @throws CliError when nobody is signed in. */
  async session(): Promise<Session> {
    const session = await this.anonymousSession();
    if (!session.isSignedIn) throw await this.identification.explainNobody(this, session);
    return session;
  }

  /** Like `session`, also while nobody is signed in. */
  async anonymousSession(pin?: string): Promise<Session> {
    if (this.opened) return this.opened;
    const origin = await this.origin();
    const known = await this.credentials.find(origin);
    this.opened = new Session({
      endpoint: { origin, pin: pinFor(origin, pin, known) },
      token: this.environment.token ?? known.token,
      workspaceId: this.options.workspace ?? (this.environment.token === null ? known.workspaceId : null),
      confirm: (session) => this.confirmIdentity(session),
      explain: (fault) => this.explain(fault, origin),
      onOutage: (outage) => this.output.note(OUTAGES[outage]),
    });
    return this.opened;
  }

  /** Remembers what is known of the control plane in use. A token from the environment is never stored. */
  async remember(change: Partial<KnownControlPlane>): Promise<void> {
    await this.credentials.remember(await this.origin(), change);
  }

  async close(): Promise<void> {
    await this.opened?.close();
  }

  /** A token that was given by hand is what is wrong with it, not that nobody has signed in. */
  private explain(fault: ApiFault, origin: string): CliError {
    if (fault.code !== 'UNAUTHENTICATED') return fault;
    const sentence =
      this.environment.token === null
        ? `The session at ${origin} has ended. Sign in with ${CALLED} login.`
        : `${origin} does not accept the token in PILOTHOUSE_TOKEN: it is wrong, was revoked or has expired. Correct or unset it.`;
    return new CliError(sentence, EXIT.notSignedIn, fault.code);
  }

  private async confirmIdentity(session: Session): Promise<string> {
    if (this.environment.token !== null) {
      throw new ApiFault(
        'FORBIDDEN',
        'This needs a person who confirms with a password. Unset PILOTHOUSE_TOKEN and sign in.',
      );
    }
    const token = await this.identification.confirm(this, session);
    await this.remember({ token });
    return token;
  }
}

function pinFor(origin: string, given: string | undefined, known: KnownControlPlane): string | null {
  if (given === undefined) return known.pin;
  if (!origin.startsWith('https:')) throw new CliError('A pin needs an address with https.', EXIT.usage);
  return certificatePin(given);
}
