import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  exportSigningKey,
  fingerprintOf,
  generateSigningKey,
  readSigningKey,
  signKeyset,
  type Keyset,
  type SigningKey,
} from '@pilothouse/protocol';
import { z } from 'zod';
import type { AgentSources } from '../../features/releases/index.js';
import { randomCode } from '../../kernel/random-token.js';
import { SealingKey } from '../../kernel/sealing.js';
import { makeFirstRelease, releaseAdvice } from './agent-release.js';
import { OwnedKeysetRepository } from './owned-keyset.repository.js';

/** The exported root key, below the state directory. */
export const ROOT_KEY_FILE = 'keys/root.encrypted.pem';

/** Where an installation keeps its keys, below the state directory. Each file is readable by its owner alone. */
const FILES = {
  root: ROOT_KEY_FILE,
  rootPublic: 'keys/root.public.json',
  controlPlane: 'keys/control-plane.pem',
  command: 'signer/command.pem',
  sealing: 'keys/sealing.key',
} as const;

/** Is there from the first key file on until the keyset is stored, so that nobody trusts these keys yet. */
const UNFINISHED = 'keys/unfinished';

export interface Installation {
  /** SHA-256 of the root public key, hexadecimal: what install lines pin. */
  rootFingerprint: string;
  /** Opens the exported root key; made and shown once, at the first start, and stored nowhere. */
  rootKeyPassphrase: string | null;
  /** A sentence on what only the operator can do about the agent's release; null where nothing is to be done. */
  advice: string | null;
}

export interface InstallationOptions {
  stateDir: string;
  adminUrl: string;
  /** Released at the first start, when the root key is at hand; null releases nothing. */
  agent?: AgentSources | null;
}

/**
 * Makes what an installation needs once: its own root key (exported encrypted; no running process needs it), the
 * control plane's identity key, the command key, the sealing key, and, signed by the root key, the first keyset and the
 * first release of the agent, without a Node runtime.
 *
 * The keyset is stored last, in one transaction: a start that was cut short before it begins anew. Of several at once
 * on one database, one does this and the others find it done.
 *
 * @throws a sentence when keys are missing although the database knows a keyset, or are there although it knows none:
 * agents would no longer trust this control plane.
 */
export async function ensureInstallation({
  stateDir,
  adminUrl,
  agent = null,
}: InstallationOptions): Promise<Installation> {
  const keysets = await OwnedKeysetRepository.open(adminUrl);
  try {
    if (await keysets.hasAny()) {
      await rm(join(stateDir, UNFINISHED), { force: true });
      const rootFingerprint = await readRootFingerprint(stateDir);
      const advice = agent && (await releaseAdvice({ stateDir, rootFingerprint, agent }));
      return { rootFingerprint, rootKeyPassphrase: null, advice };
    }
    await refuseToReplaceKeys(stateDir);
    return await install(stateDir, { keysets, agent });
  } finally {
    await keysets.close();
  }
}

/** @throws a sentence when there are keys, unless a start that was cut short has left them */
async function refuseToReplaceKeys(stateDir: string): Promise<void> {
  const isThere = (name: string) => existsSync(join(stateDir, name));
  const keys = Object.values(FILES).filter(isThere);
  if (keys.length === 0 || isThere(UNFINISHED)) return;
  throw new Error(
    `The database knows no installation, but the state directory holds the keys of one: ${keys.join(', ')}. Its agents ` +
      'trust no others, so they are not replaced. Restore the database that belongs to them from your backup. To begin ' +
      'a new installation instead, move the directories keys/ and signer/ out of the state directory and keep them.',
  );
}

async function install(
  stateDir: string,
  { keysets, agent }: { keysets: OwnedKeysetRepository; agent: AgentSources | null },
): Promise<Installation> {
  for (const directory of ['keys', 'signer']) await mkdir(join(stateDir, directory), { recursive: true, mode: 0o700 });
  await writeKeyFile(stateDir, UNFINISHED, '');
  const root = generateSigningKey();
  const controlPlane = generateSigningKey();
  const command = generateSigningKey();
  const rootKeyPassphrase = randomCode(6);
  const encrypted = root.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: rootKeyPassphrase,
  });
  const rootFingerprint = fingerprintOf(root.publicKey);
  await writeKeyFile(stateDir, FILES.root, encrypted.toString());
  await writeKeyFile(
    stateDir,
    FILES.rootPublic,
    JSON.stringify({ publicKey: root.publicKey, fingerprint: rootFingerprint }),
  );
  await writeKeyFile(stateDir, FILES.controlPlane, exportSigningKey(controlPlane));
  await writeKeyFile(stateDir, FILES.command, exportSigningKey(command));
  await writeKeyFile(stateDir, FILES.sealing, randomBytes(32).toString('base64'));
  if (agent) await makeFirstRelease({ stateDir, rootFingerprint, agent }, root);
  const keyset: Keyset = {
    version: 1,
    issuedAt: new Date().toISOString(),
    controlPlane: [publicPart(controlPlane)],
    command: [publicPart(command)],
  };
  await keysets.add(keyset.version, signKeyset(root, keyset));
  await rm(join(stateDir, UNFINISHED));
  return { rootFingerprint, rootKeyPassphrase, advice: null };
}

/** The keys the api works with. */
export interface InstallationKeys {
  rootFingerprint: string;
  controlPlane: SigningKey;
  sealing: SealingKey;
}

/** @throws a sentence that names the missing or broken file. */
export async function readKeys(stateDir: string): Promise<InstallationKeys> {
  return {
    rootFingerprint: await readRootFingerprint(stateDir),
    controlPlane: readSigningKey(await readKeyFile(stateDir, FILES.controlPlane)),
    sealing: new SealingKey(Buffer.from(await readKeyFile(stateDir, FILES.sealing), 'base64')),
  };
}

/** Where the signer keeps its key and its log. */
export function signerDirectory(stateDir: string): string {
  return join(stateDir, dirname(FILES.command));
}

/** For the signer and nobody else. @throws a sentence that names the missing or broken file. */
export async function readCommandKey(stateDir: string): Promise<SigningKey> {
  return readSigningKey(await readKeyFile(stateDir, FILES.command));
}

/**
 * An api whose signer is a process of its own must not be able to sign.
 * @throws a sentence when the command key can be read from this state directory
 */
export async function refuseCommandKey(stateDir: string): Promise<void> {
  try {
    await access(join(stateDir, FILES.command), constants.R_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES') return;
    throw error;
  }
  throw new Error(
    `PILOTHOUSE_SIGNER_SOCKET is set, but the api could still sign by itself: it can read ${FILES.command} in its state ` +
      'directory. Move the directory signer/ to the state directory of the signer.',
  );
}

/** @throws a sentence when there is no installation. */
export async function readRootFingerprint(stateDir: string): Promise<string> {
  const { fingerprint } = z
    .object({ fingerprint: z.string() })
    .parse(JSON.parse(await readKeyFile(stateDir, FILES.rootPublic)));
  return fingerprint;
}

function publicPart({ keyId, publicKey }: SigningKey) {
  return { keyId, publicKey };
}

async function writeKeyFile(stateDir: string, name: string, text: string): Promise<void> {
  // A file left by a start that was cut short is read-only: replace it.
  await rm(join(stateDir, name), { force: true });
  const file = await open(join(stateDir, name), 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.chmod(0o400);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function readKeyFile(stateDir: string, name: string): Promise<string> {
  try {
    return await readFile(join(stateDir, name), 'utf8');
  } catch (error) {
    throw new Error(`The key file ${name} cannot be read from the state directory. Restore it from your backup.`, {
      cause: error,
    });
  }
}
