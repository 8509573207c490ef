import type { Environment } from '../../kernel/environment.js';
import type { Installation } from '../installation/installation.js';
import type { ToChild } from '../process/parent.js';
import { ApiConversation } from './api-conversation.js';
import { Children } from './children.js';
import { answersWithin } from './dashboard-probe.js';
import { startDatabase } from './database.js';
import { chooseEndpoint, type Endpoint } from './endpoint.js';
import { launchAgent, launchApi, launchDashboard, type Situation } from './launches.js';
import { ChildRecord } from './left-over-children.js';
import { LocalAgent, localAgentConfig } from './local-agent.js';
import type { OperatorConsole } from './operator-console.js';
import { freePort } from './port.js';
import type { Programs } from './programs.js';
import { openStateDirectory } from './state-directory.js';
import { StateLock } from './state-lock.js';

export interface SupervisorOptions {
  environment: Environment;
  /** PATH, HOME and the like, see `hostVariables`. */
  hostVariables: Readonly<Record<string, string>>;
  programs: Programs;
  ensureInstallation: (place: { stateDir: string; adminUrl: string }) => Promise<Installation>;
  console: OperatorConsole;
}

const DASHBOARD_START_LIMIT_MS = 30_000;
/** Where the CLI looks when it is told nothing. */
const DEFAULT_ORIGIN = 'http://127.0.0.1:7700';

/**
 * Brings up all of Pilothouse on this machine and keeps it up: PostgreSQL, api, dashboard, and the agent of this machine
 * as soon as an owner exists. It ends them in the opposite order, so that the agent's last results find an api and the
 * api's last writes a database.
 */
export class Supervisor {
  readonly #undo: (() => Promise<void>)[] = [];
  readonly #ending = new AbortController();
  readonly #hurry = new AbortController();
  #starting: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | null = null;

  constructor(private readonly options: SupervisorOptions) {}

  /** Resolves when Pilothouse is ready, or when `stop()` was called before that. */
  start(): Promise<void> {
    this.#starting = this.#bringUp();
    return this.#starting;
  }

  /** A second call makes it quicker: what does not end soon is killed. */
  stop(): Promise<void> {
    if (this.#stopping) this.#hurry.abort();
    return (this.#stopping ??= this.#takeDown());
  }

  async #takeDown(): Promise<void> {
    this.#ending.abort();
    await this.#starting.catch(() => undefined); // whoever called start() deals with its failure
    for (const undo of this.#undo.reverse()) await undo();
  }

  async #bringUp(): Promise<void> {
    const { environment, hostVariables, programs, console } = this.options;
    const say = (line: string) => console.say(line);
    const stateDir = await openStateDirectory(environment);
    const lock = await StateLock.take(stateDir);
    this.#undo.push(() => lock.release());
    console.keepIn(stateDir);
    const record = new ChildRecord(stateDir);
    await record.endLeftOvers(say);

    const database = await startDatabase({ ...environment, stateDir, say });
    this.#undo.push(() => database.stop(this.#hurry.signal));
    this.#sayInstallation(await this.options.ensureInstallation({ stateDir, adminUrl: database.adminUrl }));
    if (this.#ending.signal.aborted) return;

    const endpoint = await chooseEndpoint({ environment, stateDir, say });
    const dashboardPort = await freePort({ host: '127.0.0.1', port: 0 });
    const situation = { environment, hostVariables, programs, stateDir, endpoint, dashboardPort, database };
    const setupCode = await this.#startPrograms(situation, record);
    if (this.#ending.signal.aborted) return;
    await lock.describe(endpoint.origin);
    say(`Pilothouse is ready: ${endpoint.origin}`);
    if (setupCode !== null) this.#showSetupCode(setupCode, endpoint);
  }

  /** Returns once they serve, with the set-up code. */
  async #startPrograms(situation: Situation, record: ChildRecord): Promise<string | null> {
    const ending = this.#ending.signal;
    const conversation = new ApiConversation({
      onOwner: (owner) => this.#report(localAgent.ownerExists(owner)),
      onOffer: (offer) => this.#report(localAgent.accept(offer)),
      onNewCode: (code) => this.#showSetupCode(code, situation.endpoint),
    });
    const children = new Children({ stateDir: situation.stateDir, record, console: this.options.console });
    const api = children.make('api', {
      launch: () => launchApi(situation),
      onMessage: (message) => conversation.take(message),
      onEnded: () => conversation.ended(),
    });
    const dashboard = children.make('dashboard', { launch: () => launchDashboard(situation) });
    const agent = children.make('agent', {
      launch: () => launchAgent(situation, localAgentConfig(situation.stateDir)),
    });
    const localAgent = new LocalAgent({
      situation,
      program: agent,
      askForToken: () => api.send({ type: 'enrol-local-agent' } satisfies ToChild),
      say: (line) => this.options.console.say(line),
      signal: ending,
    });
    for (const child of [api, dashboard, agent]) this.#undo.push(() => child.stop(this.#hurry.signal));
    api.start();
    dashboard.start();
    const [code] = await Promise.all([
      Promise.race([conversation.ready, aborted(ending)]),
      this.#waitForDashboard(situation.dashboardPort),
    ]);
    return code;
  }

  async #waitForDashboard(port: number): Promise<void> {
    const { signal } = this.#ending;
    if (await answersWithin({ port, limitMs: DASHBOARD_START_LIMIT_MS, signal })) return;
    if (!signal.aborted) this.options.console.say('The dashboard does not answer yet; logs/dashboard.log says more.');
  }

  #showSetupCode(code: string, endpoint: Endpoint): void {
    const { console } = this.options;
    console.show(`Set-up code: ${code}`);
    console.show(`Continue with: ${setupLine(endpoint)}`);
  }

  #sayInstallation({ rootFingerprint, rootKeyPassphrase, advice }: Installation): void {
    const { console } = this.options;
    if (advice !== null) console.say(advice);
    if (rootKeyPassphrase === null) return;
    console.say(`Made the keys of this installation. Fingerprint of its root key: ${rootFingerprint}`);
    console.show(`Passphrase of the root key: ${rootKeyPassphrase}`);
    console.show(
      'Keep it away from this machine. It is shown only now. Releasing a newer agent and replacing a lost key need it.',
    );
  }

  #report(work: Promise<void>): void {
    work.catch((error: Error) => this.options.console.say(`The agent of this machine: ${error.message}`));
  }
}

/** What the CLI does not find by itself is said: any address but its default, and a certificate that nobody vouches for. */
function setupLine({ origin, tlsPin }: Endpoint): string {
  const url = origin === DEFAULT_ORIGIN ? '' : ` --url ${origin}`;
  const pin = tlsPin === null ? '' : ` --pin ${tlsPin}`;
  return `npx pilothouse setup${url}${pin}`;
}

function aborted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
