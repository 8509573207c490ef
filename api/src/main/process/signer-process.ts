import { resolve } from 'node:path';
import type { Environment } from '../../kernel/environment.js';
import { createLogger } from '../../kernel/log.js';
import { SignerServer } from '../../signer/index.js';
import { endWith } from './end-with.js';
import { readCommandKey, signerDirectory } from '../installation/installation.js';
import { openSigner } from '../composition/open-signer.js';
import { readRoleUrls } from '../installation/role-urls.js';

/**
 * The signer's process: alone it holds the command key. Resolves once it listens; it ends on a signal.
 * @throws a sentence that names what is missing
 */
export async function startSigner(environment: Environment): Promise<void> {
  const { signerSocket, logLevel } = environment;
  if (signerSocket === null) throw new Error('PILOTHOUSE_SIGNER_SOCKET is missing: where shall the signer listen?');
  const stateDir = resolve(environment.stateDirectory);
  const log = createLogger(logLevel);
  const urls = await readRoleUrls(environment, stateDir);
  const place = {
    key: await readCommandKey(stateDir),
    databaseUrl: urls('ph_signer'),
    directory: signerDirectory(stateDir),
  };
  const { signer, close } = await openSigner(place, log);
  const server = new SignerServer({ signer, log });
  await server.listen(signerSocket);
  endWith(async () => {
    await server.close();
    await close();
  });
}
