import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '@pilothouse/protocol';
import { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { clientAddressOf } from '../../kernel/client-address.js';
import { Fault } from '../../kernel/fault.js';
import type { Logger } from '../../kernel/log.js';
import type { RateLimits } from '../../kernel/rate-limits.js';
import { refusingScript, renderInstallScript, type InstallationPins } from './install-script.js';
import { MANIFEST, SUMS, type CurrentRelease, type ReleaseStore } from './release.store.js';

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const NOTHING_RELEASED =
  'This Pilothouse has released no agent yet, so there is nothing to install. On its own host, run: npm run release';

const ALTERED =
  'The install script of this Pilothouse is not the one that was released, so it is not given. On its own host, run: npm run release';

export interface ReleaseRouterParts {
  store: ReleaseStore;
  pins: InstallationPins;
  rateLimits: RateLimits;
  log: Logger;
}

/** The install script and the files of the current release: public, signed, and nothing but what its manifest names. */
export function createReleaseRouter({ store, pins, rateLimits, log }: ReleaseRouterParts): Router {
  const router = Router();
  router.use(['/install.sh', '/releases'], limitRate(rateLimits));

  router.get('/install.sh', async (_request, response) => {
    const current = await store.current();
    const script = current ? await scriptOf(current, pins) : null;
    if (current && script === null) log.error({ directory: current.directory }, 'The install script was altered');
    response.type('text/x-shellscript').set('Cache-Control', 'no-store');
    response.send(script ?? refusingScript(current ? ALTERED : NOTHING_RELEASED));
  });

  router.get('/releases/:name', async (request, response, next) => {
    const current = await store.current();
    const { name } = request.params;
    if (!current) return notFound(response);
    if (name === MANIFEST) return document(request, response, current.manifest, 'application/json');
    if (name === SUMS) return document(request, response, Buffer.from(current.sums), 'text/plain');
    const file = current.release.files.find((candidate) => candidate.name === name);
    if (!file) return notFound(response);
    response.set('ETag', `"${file.sha256}"`);
    response.type(name.endsWith('.sh') ? 'text/x-shellscript' : 'application/gzip');
    const options = { root: current.directory, immutable: true, maxAge: YEAR_MS, lastModified: false };
    response.sendFile(name, { ...options, dotfiles: 'allow' }, (error) => error && next(error));
  });

  router.use(['/install.sh', '/releases'], (_request, response) => notFound(response));
  router.use(['/install.sh', '/releases'], maskErrors(log));
  return router;
}

/** @returns null when the file is not the one that the root key has signed. */
async function scriptOf({ release, directory, sums }: CurrentRelease, pins: InstallationPins): Promise<string | null> {
  const installer = release.files.find(({ kind }) => kind === 'installer');
  if (!installer) throw new Error('The release has no install script');
  const script = await readFile(join(directory, installer.name));
  return sha256Hex(script) === installer.sha256 ? renderInstallScript(script.toString('utf8'), pins, sums) : null;
}

/** These change with the next release, so that nobody may use them unasked. */
function document(request: Request, response: Response, body: Buffer, type: string): void {
  response.set('Cache-Control', 'no-cache').type(type);
  if (request.method === 'HEAD') response.set('Content-Length', String(body.length)).end();
  else response.send(body);
}

function notFound(response: Response): void {
  response.status(404).type('text/plain').send('There is no such file.\n');
}

function limitRate(rateLimits: RateLimits): RequestHandler {
  return async (request, response, next) => {
    try {
      await rateLimits.use('release', clientAddressOf(request));
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'RATE_LIMITED') throw error;
      response.set('Retry-After', String(Math.ceil(Number(error.details.retryAfterMs) / 1000)));
      return void response.status(429).type('text/plain').send(`${error.message}\n`);
    }
    next();
  };
}

function maskErrors(log: Logger): ErrorRequestHandler {
  return (error: { status?: number }, request, response, next) => {
    if (response.headersSent) return next(error);
    if (error.status === 416) return void response.status(416).end();
    log.error({ err: error, path: request.path }, 'A release could not be served');
    response.status(500).type('text/plain').send('Something went wrong on our side.\n');
  };
}
