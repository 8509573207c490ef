import { request } from 'node:https';

/** What a client needs of `fetch`. */
export type Send = (
  url: string,
  options: { method: string; headers: Record<string, string>; body: string },
) => Promise<Response>;

/** `fetch` of the one server that shows this certificate, which no public authority signed. */
export function trustingFetch(certificate: string): Send {
  return (url, { method, headers, body }) =>
    new Promise((resolve, reject) => {
      const options = { method, headers, ca: certificate, agent: false };
      const sent = request(url, options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 0 })));
      });
      sent.on('error', (cause) => reject(new TypeError('fetch failed', { cause })));
      sent.end(body);
    });
}
