import { spawn } from 'node:child_process';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ToParent } from '../process/parent.js';
import type { ChildProgram } from './child-program.js';
import { LastWords } from './last-words.js';
import type { Situation } from './launches.js';
import { RestartBackoff } from './restart-backoff.js';

export type EnrolmentOffer = Extract<ToParent, { type: 'local-enrolment' }>;

export interface LocalAgentOptions {
  situation: Situation;
  /** Runs it once it is enrolled. */
  program: ChildProgram;
  /** Asks the api for a token. */
  askForToken: () => void;
  say: (line: string) => void;
  /** Ends what is under way. */
  signal: AbortSignal;
}

const ENROL_LIMIT_MS = 60_000;
/** Each attempt leaves a token behind, so they are few. */
const MAX_ATTEMPTS = 5;
const RETRY_CAP_MS = 30_000;

/** The configuration file of this machine's agent. */
export function localAgentConfig(stateDir: string): string {
  return join(stateDir, 'agent.yaml');
}

/** The agent of the machine that Pilothouse itself runs on: enrols it once, without anyone's doing, and then runs it. */
export class LocalAgent {
  #enrolling = false;
  #backoff = new RestartBackoff(RETRY_CAP_MS);

  constructor(private readonly options: LocalAgentOptions) {}

  private get directory(): string {
    return join(this.options.situation.stateDir, 'agent');
  }

  /** Told when an owner exists. `offers`: whether the api will offer a token without being asked. */
  async ownerExists({ offers }: { offers: boolean }): Promise<void> {
    if (await this.#isEnrolled()) return this.#run();
    if (!offers) this.options.askForToken();
  }

  /** Enrols with the token, unless this machine is enrolled already. */
  async accept(offer: EnrolmentOffer): Promise<void> {
    if (this.#enrolling || (await this.#isEnrolled())) return;
    this.#enrolling = true;
    const problem = await this.#enrol(offer);
    this.#enrolling = false;
    if (problem === null) {
      this.options.say('This machine is enrolled as a server.');
      await this.#run();
    } else if (!this.options.signal.aborted) {
      await this.#retry(problem);
    }
  }

  async #retry(problem: string): Promise<void> {
    const { say, signal, askForToken } = this.options;
    const waitMs = this.#backoff.nextMs();
    if (this.#backoff.attempts >= MAX_ATTEMPTS) {
      return say(`This machine could not be enrolled: ${problem} The next start of Pilothouse tries again.`);
    }
    say(`This machine could not be enrolled: ${problem} Trying again.`);
    await delay(waitMs, undefined, { signal }).catch(() => undefined); // cut short by the end of Pilothouse
    if (!signal.aborted) askForToken();
  }

  async #run(): Promise<void> {
    await this.#writeConfig();
    this.options.program.start();
  }

  /** Null when it succeeded, otherwise why not. The token goes by standard input: arguments are everyone's to read. */
  async #enrol({ token, url, pin }: EnrolmentOffer): Promise<string | null> {
    const { situation, signal } = this.options;
    await this.#writeConfig();
    const args = ['enrol', '--config', localAgentConfig(situation.stateDir), '--url', url, '--pin', pin];
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [situation.programs.agent, ...args], {
        cwd: '/',
        env: situation.hostVariables,
        stdio: ['pipe', 'ignore', 'pipe'],
        detached: true,
        timeout: ENROL_LIMIT_MS,
        signal,
      });
      const words = new LastWords();
      child.stderr.on('data', (chunk: Buffer) => words.add(chunk));
      child.stdin.on('error', () => undefined); // it ended before it read the token, and says why
      child.stdin.end(`${token}\n`);
      child.once('error', (error) => resolve(`${error.message}.`));
      child.once('close', (code) => resolve(code === 0 ? null : words.lines().join(' ') || `exit code ${code}.`));
    });
  }

  /** Written at every start, because the address may have changed since. JSON is YAML. */
  async #writeConfig(): Promise<void> {
    const { stateDir, endpoint, environment } = this.options.situation;
    const settings = {
      url: endpoint.origin,
      ...(endpoint.tlsPin === null ? {} : { tls_pin: endpoint.tlsPin }),
      insecure_http: environment.insecureHttp,
      state_directory: this.directory,
      on_stop: 'cancel',
      log_level: environment.logLevel,
    };
    await writeFile(localAgentConfig(stateDir), `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  }

  async #isEnrolled(): Promise<boolean> {
    return access(join(this.directory, 'identity.json')).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
  }
}
