import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  fetchNodeRuntime,
  makeRelease,
  NODE_RUNTIME,
  readAgentPackage,
  releaseStanding,
  type AgentSources,
} from '../../features/releases/index.js';
import type { Environment } from '../../kernel/environment.js';
import { releaseAdvice, releasesOf } from '../installation/agent-release.js';
import { readRootFingerprint, ROOT_KEY_FILE } from '../installation/installation.js';
import { readSecret, type PasswordInput, type PasswordOutput } from './password-input.js';
import { readRootKey } from './root-key.js';

export interface ReleaseCommand {
  args: readonly string[];
  /** @throws a sentence that names what is wrong */
  readEnvironment: () => Environment;
  agent: AgentSources;
  input: PasswordInput;
  output: PasswordOutput;
}

const USAGE = `Releases the agent that is built here: what the install script gives to hosts from then on.

  npm run release -- [--key FILE] [--passphrase-stdin] [--without-node]
  npm run release -- status

Asks for the passphrase of the root key, which the first start has printed. Pilothouse may be running.

  --key FILE           the exported root key; keys/root.encrypted.pem of the state directory if not given
  --passphrase-stdin   read the passphrase from standard input
  --without-node       do not fetch Node ${NODE_RUNTIME.version} by npm; hosts without Node are then refused
  status               what hosts are given, and whether it is what is built here

PILOTHOUSE_STATE_DIR names the installation as for npm start.
`;

interface ReleaseOptions {
  word: string;
  key: string | undefined;
  passphraseStdin: boolean;
  withoutNode: boolean;
  help: boolean;
}

/** Returns the exit code: 0 done, 1 not done or not current, 2 wrong usage. */
export async function runReleaseCommand(command: ReleaseCommand): Promise<number> {
  const options = readOptions(command.args);
  if (options === null || options.help) {
    command.output.write(USAGE);
    return options?.help ? 0 : 2;
  }
  try {
    const stateDir = resolve(command.readEnvironment().stateDirectory);
    const rootFingerprint = await readRootFingerprint(stateDir);
    const place = { stateDir, rootFingerprint, agent: command.agent };
    return options.word === 'status' ? await tellStatus(place, command) : await release(place, { options, command });
  } catch (error) {
    command.output.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

interface Place {
  stateDir: string;
  rootFingerprint: string;
  agent: AgentSources;
}

async function release(
  { stateDir, rootFingerprint, agent }: Place,
  { options, command }: { options: ReleaseOptions; command: ReleaseCommand },
): Promise<number> {
  const { input, output } = command;
  const built = await readAgentPackage(agent);
  const passphrase = await readSecret('Passphrase of the root key: ', {
    fromInput: options.passphraseStdin,
    input,
    output,
  });
  const path = options.key ?? join(stateDir, ROOT_KEY_FILE);
  const root = await readRootKey({ path, passphrase, rootFingerprint });
  if (!options.withoutNode) output.write(`Fetching Node ${NODE_RUNTIME.version} for hosts without one …\n`);
  const made = await makeRelease({
    store: releasesOf(stateDir, rootFingerprint),
    root,
    agent: built,
    fetchNode: options.withoutNode ? null : fetchNodeRuntime,
    now: new Date(),
  });
  output.write(`Released agent ${made.version} (${made.build})${withNode(made.nodeVersion)}.\n`);
  return 0;
}

async function tellStatus(place: Place, { output }: ReleaseCommand): Promise<number> {
  const store = releasesOf(place.stateDir, place.rootFingerprint);
  const standing = await releaseStanding(store, await readAgentPackage(place.agent));
  const advice = await releaseAdvice(place);
  if (standing.kind !== 'none') {
    output.write(`Hosts are given agent ${standing.version} (${standing.build})${withNode(standing.nodeVersion)}.\n`);
  }
  if (advice !== null) output.write(`${advice}\n`);
  return advice === null ? 0 : 1;
}

function withNode(nodeVersion: string | null): string {
  return nodeVersion === null ? ', without Node: hosts that have none are refused' : `, with Node ${nodeVersion}`;
}

function readOptions(args: readonly string[]): ReleaseOptions | null {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        key: { type: 'string' },
        'passphrase-stdin': { type: 'boolean', default: false },
        'without-node': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const [word = '', ...more] = positionals;
    if (more.length > 0 || !['', 'status'].includes(word)) return null;
    return {
      word,
      key: values.key,
      passphraseStdin: values['passphrase-stdin'],
      withoutNode: values['without-node'],
      help: values.help,
    };
  } catch {
    // parseArgs throws for what it does not know; the usage says all there is.
    return null;
  }
}
