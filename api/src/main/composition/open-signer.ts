import type { SigningKey } from '@pilothouse/protocol';
import { openPool } from '../../kernel/database/index.js';
import type { Logger } from '../../kernel/log.js';
import { InProcessSigner, SocketSigner, type Signer } from '../../signer/index.js';

/** Where instructions are signed: in this process, or in the signer's own, behind a unix socket. */
export type SignerPlace = { socket: string } | { key: SigningKey; databaseUrl: string; directory: string };

export async function openSigner(
  place: SignerPlace,
  log: Logger,
): Promise<{ signer: Signer; close: () => Promise<void> }> {
  if ('socket' in place) {
    const signer = new SocketSigner(place.socket);
    return { signer, close: () => signer.close() };
  }
  const { key, directory, databaseUrl } = place;
  const pool = openPool(databaseUrl, { applicationName: 'pilothouse signer', size: 4, log });
  const signer = await InProcessSigner.open({ key, pool, directory });
  return {
    signer,
    close: async () => {
      await signer.close();
      await pool.end();
    },
  };
}
