import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fingerprintOf, readSigningKey, type SigningKey } from '@pilothouse/protocol';

export interface RootKeyFile {
  path: string;
  passphrase: string;
  /** The installation's. */
  rootFingerprint: string;
}

/** The exported root key. @throws a sentence when it cannot be read, opened, or belongs to another installation */
export async function readRootKey({ path, passphrase, rootFingerprint }: RootKeyFile): Promise<SigningKey> {
  const pem = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Error(`The root key cannot be read from ${path}. Say where it is with --key FILE.`, { cause });
  });
  const root = open(pem, passphrase);
  if (root === null) throw new Error(`This passphrase does not open the root key in ${path}.`);
  if (fingerprintOf(root.publicKey) !== rootFingerprint) {
    throw new Error(`The key in ${path} is not the root key of this installation.`);
  }
  return root;
}

function open(pem: string, passphrase: string): SigningKey | null {
  try {
    const key = createPrivateKey({ key: pem, passphrase });
    return readSigningKey(key.export({ type: 'pkcs8', format: 'pem' }).toString());
  } catch {
    // A wrong passphrase gives bytes that are no key, and every error that those can cause.
    return null;
  }
}
