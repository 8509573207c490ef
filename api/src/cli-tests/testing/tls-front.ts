import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { certificateFingerprint, keepOwnCertificate } from '../../kernel/tls-certificate.js';

/** TLS before the api, with a certificate that nobody vouches for. */
export class TlsFront {
  private constructor(
    private readonly server: Server,
    /** SHA-256 of its certificate. */
    readonly pin: string,
  ) {}

  get origin(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  static async before(origin: string, directory: string): Promise<TlsFront> {
    const { certificateFile, keyFile } = await keepOwnCertificate(directory, ['127.0.0.1']);
    const { hostname, port } = new URL(origin);
    const server = createServer({ cert: await readFile(certificateFile), key: await readFile(keyFile) }, (client) => {
      const api = connect(Number(port), hostname);
      client.pipe(api).pipe(client);
      // A client that refuses the certificate cuts the connection; so the other half goes too.
      client.on('error', () => api.destroy());
      api.on('error', () => client.destroy());
      client.once('close', () => api.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TlsFront(server, await certificateFingerprint(certificateFile));
  }

  async close(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
  }
}
