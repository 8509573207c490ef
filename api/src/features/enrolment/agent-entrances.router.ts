import { randomBytes, randomUUID } from 'node:crypto';
import { ENROLMENT_REFUSALS, LINK_LIMITS, sha256, type EnrolmentRefusal } from '@pilothouse/protocol';
import express, { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { z } from 'zod';
import { clientAddressOf } from '../../kernel/client-address.js';
import { Fault } from '../../kernel/fault.js';
import type { Logger } from '../../kernel/log.js';
import type { RateLimits } from '../../kernel/rate-limits.js';
import type { EnrolmentRepository } from './enrolment.repository.js';
import type { KeysetRepository } from './keyset.repository.js';
import type { RedemptionService } from './redemption.service.js';

const MAX_BODY_BYTES = 64 * 1024;

/** Answers beside `ENROLMENT_REFUSALS`, in the same form. */
const ANSWERS = {
  ORIGIN_NOT_ALLOWED: { status: 403, message: 'Agents are programs. A web page may not speak to this address.' },
  BODY_TOO_LARGE: { status: 413, message: `The body may have at most ${MAX_BODY_BYTES} bytes.` },
  NOT_JSON: { status: 415, message: 'The body must be JSON, sent as application/json.' },
  RATE_LIMITED: { status: 429, message: 'Too many requests from this address. Try again shortly.' },
  INTERNAL: { status: 500, message: 'Something went wrong on our side.' },
  UNAVAILABLE: { status: 503, message: 'The control plane is not ready yet. Try again shortly.' },
} as const;

export interface AgentEntranceParts {
  redemptions: RedemptionService;
  enrolments: EnrolmentRepository;
  keysets: KeysetRepository;
  rateLimits: RateLimits;
  log: Logger;
  now?: () => Date;
}

const challengeRequest = z.object({ agentId: z.uuid() });

/** The ways in for agents over plain HTTP, frozen for ever: an agent of any age must be able to enrol. */
export function createAgentEntrances({ now = () => new Date(), ...parts }: AgentEntranceParts): Router {
  const router = Router();
  router.use(['/agent/keyset', '/agent/enrol', '/agent/challenge'], refuseOrigins, limitRate(parts.rateLimits));

  router.get('/agent/keyset', async (_request, response) => {
    const { signed } = await parts.keysets.latest();
    response.set('Cache-Control', 'no-store').json(signed);
  });

  router.post('/agent/enrol', ...jsonBody(), async (request: Request, response: Response) => {
    const result = await parts.redemptions.redeem(request.body, { address: clientAddressOf(request), now: now() });
    if ('refusal' in result) return answer(response, result.refusal);
    response.set('Cache-Control', 'no-store').json(result.receipt);
  });

  router.post('/agent/challenge', ...jsonBody(), async (request: Request, response: Response) => {
    const parsed = challengeRequest.safeParse(request.body);
    if (!parsed.success) return answer(response, 'MALFORMED');
    const challenge = randomBytes(LINK_LIMITS.challengeBytes).toString('base64url');
    await parts.enrolments.storeChallenge({
      agentId: parsed.data.agentId,
      hash: sha256(challenge),
      expiresAt: new Date(now().getTime() + LINK_LIMITS.challengeLifetimeMs),
    });
    response.set('Cache-Control', 'no-store').json({ challenge });
  });

  router.use(['/agent/keyset', '/agent/enrol', '/agent/challenge'], maskErrors(parts.log));
  return router;
}

function answer(response: Response, code: EnrolmentRefusal | keyof typeof ANSWERS): void {
  const { status, message } = { ...ENROLMENT_REFUSALS, ...ANSWERS }[code];
  response.status(status).set('Cache-Control', 'no-store').json({ code, message });
}

/** Whoever names an Origin is a browser, and a page has no business here. */
const refuseOrigins: RequestHandler = (request, response, next) => {
  if (request.headers.origin === undefined) next();
  else answer(response, 'ORIGIN_NOT_ALLOWED');
};

function limitRate(rateLimits: RateLimits): RequestHandler {
  return async (request, response, next) => {
    try {
      await rateLimits.use('agentEntrance', clientAddressOf(request));
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'RATE_LIMITED') throw error;
      response.set('Retry-After', String(Math.ceil(Number(error.details.retryAfterMs) / 1000)));
      return answer(response, 'RATE_LIMITED');
    }
    next();
  };
}

function jsonBody(): RequestHandler[] {
  const requireJson: RequestHandler = (request, response, next) => {
    if (request.is('application/json')) next();
    else answer(response, 'NOT_JSON');
  };
  return [requireJson, express.json({ limit: MAX_BODY_BYTES, inflate: false })];
}

/** Tells a caller what they did wrong, and of our own failures nothing but that there was one. */
function maskErrors(log: Logger): ErrorRequestHandler {
  return (error: { type?: string; status?: number }, request, response, next) => {
    if (response.headersSent) return next(error);
    if (error.type === 'entity.too.large') return answer(response, 'BODY_TOO_LARGE');
    if (error.type === 'encoding.unsupported' || error.type === 'charset.unsupported')
      return answer(response, 'NOT_JSON');
    if (error instanceof Fault && error.code === 'UNAVAILABLE') return answer(response, 'UNAVAILABLE');
    if (error.status === 400) return answer(response, 'MALFORMED');
    log.error(
      { err: error, path: request.path, requestId: randomUUID() },
      'An entrance for agents failed unexpectedly',
    );
    answer(response, 'INTERNAL');
  };
}
