import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type Agent } from 'node:https';

const MAX_ANSWER_BYTES = 64 * 1024;

/** Where the control plane is and how far it is trusted to be there. */
export interface ControlPlaneAddress {
  /** Origin, `https://host[:port]`. */
  url: string;
  tls: Agent | undefined;
  /** From the start of a request to the end of its answer. */
  timeoutMs: number;
}

export interface JsonAnswer {
  status: number;
  body: unknown;
  /** The time that the answer's Date header tells, and the host's own time then. */
  date: Date | null;
  receivedAt: Date;
}

/** The plain HTTPS side of the control plane, which is frozen for ever (PROTOCOL.md, "Ways in"). */
export function getJson(address: ControlPlaneAddress, path: string): Promise<JsonAnswer> {
  return exchange(address, path);
}

export function postJson(address: ControlPlaneAddress, path: string, body: unknown): Promise<JsonAnswer> {
  return exchange(address, path, Buffer.from(JSON.stringify(body)));
}

/** @throws when there is no answer in time, or it is not JSON, or longer than 64 KiB. Redirects are not followed. */
function exchange({ url, tls, timeoutMs }: ControlPlaneAddress, path: string, body?: Buffer): Promise<JsonAnswer> {
  const target = new URL(path, url);
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers = body && { 'content-type': 'application/json', 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs);
    const request = send(target, { method: body ? 'POST' : 'GET', headers, agent: tls ?? false, signal }, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) answer.destroy(new Error(`The answer of ${target.href} is too long`));
        else chunks.push(chunk);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const told = Date.parse(answer.headers.date ?? '');
        const date = Number.isNaN(told) ? null : new Date(told);
        try {
          resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text), date, receivedAt: new Date() });
        } catch {
          // The reader needs to know what answered, not where its JSON broke.
          reject(
            new Error(`${target.href} answered ${answer.statusCode} and no JSON: this may not be a control plane`),
          );
        }
      });
    });
    request.on('error', (error) => {
      reject(signal.aborted ? new Error(`${target.href} did not answer within ${timeoutMs / 1000} s`) : error);
    });
    request.end(body);
  });
}
