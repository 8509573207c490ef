import { join, resolve } from 'node:path';
import type { Environment } from '../../kernel/environment.js';
import { freeze, frozenSince, readSigningLog, SIGNING_LOG, SocketSigner, unfreeze } from '../../signer/index.js';
import { signerDirectory } from '../installation/installation.js';
import { startSigner } from '../process/signer-process.js';
import { runOperatorCommand } from './operator-command.js';

export interface SignerCommand {
  args: readonly string[];
  /** @throws a sentence that names what is wrong */
  readEnvironment: () => Environment;
  say: (line: string) => void;
}

const USAGE = `What signs commands, and whether it does.

  npm run signer -- status     whether it signs, answers, and whether its log is unbroken
  npm run signer -- freeze     nothing is signed from now on, without a restart
  npm run signer -- unfreeze
  npm run signer -- run        the signer as a process of its own

PILOTHOUSE_STATE_DIR is the directory that holds its signer/. PILOTHOUSE_SIGNER_SOCKET is where it listens; without it
the api signs in its own process, and there is nothing to run.`;

interface Given {
  environment: Environment;
  say: SignerCommand['say'];
}

/** Returns the exit code: 0 done, 1 not done or not well, 2 wrong usage. */
export function runSignerCommand({ args, readEnvironment, say }: SignerCommand): Promise<number> {
  const given = () => ({ environment: readEnvironment(), say });
  const commands = { run, freeze: stopSigning, unfreeze: signAgain, status };
  return runOperatorCommand({ args, usage: USAGE, say, given, commands });
}

async function run({ environment, say }: Given): Promise<number> {
  await startSigner(environment);
  say(`The signer listens on ${environment.signerSocket}`);
  return 0;
}

async function stopSigning({ environment: { stateDirectory }, say }: Given): Promise<number> {
  await freeze(signerDirectory(resolve(stateDirectory)));
  say('Frozen: nothing is signed any more, no cancel either. What runs goes on.');
  return 0;
}

async function signAgain({ environment: { stateDirectory }, say }: Given): Promise<number> {
  await unfreeze(signerDirectory(resolve(stateDirectory)));
  say('Signing goes on.');
  return 0;
}

async function status({ environment: { stateDirectory, signerSocket }, say }: Given): Promise<number> {
  const directory = signerDirectory(resolve(stateDirectory));
  const since = await frozenSince(directory);
  say(since === null ? 'Signs.' : `Frozen since ${since.toISOString()}.`);
  const { lines, lastTime, firstBadLine } = await readSigningLog(join(directory, SIGNING_LOG));
  const last = lastTime === null ? '' : `, the last of ${lastTime}`;
  say(
    firstBadLine === null
      ? `Its log is unbroken: ${lines} lines${last}.`
      : `Its log is broken at line ${firstBadLine}.`,
  );
  const answers = signerSocket === null || (await doesAnswer(signerSocket, say));
  return firstBadLine === null && answers ? 0 : 1;
}

async function doesAnswer(path: string, say: SignerCommand['say']): Promise<boolean> {
  const signer = new SocketSigner(path);
  try {
    await signer.status();
    say(`It answers on ${path}.`);
    return true;
  } catch (error) {
    say(`It does not answer on ${path}: ${(error as Error).message}`);
    return false;
  } finally {
    await signer.close();
  }
}
