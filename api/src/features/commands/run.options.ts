import { RUN_LIMITS } from '@pilothouse/protocol';
import { z } from 'zod';
import { Fault } from '../../kernel/fault.js';

/** How a run goes from server to server, as asked for. */
export interface RunOptionsRequest {
  batchSize?: number | null;
  canarySize?: number | null;
  batchPauseMs?: number | null;
  maxFailures?: number | null;
}

const optionsSchema = z.object({
  batchSize: z
    .int()
    .min(1, 'batchSize must be at least 1')
    .max(RUN_LIMITS.maxBatchSize, `batchSize must be at most ${RUN_LIMITS.maxBatchSize}`),
  canarySize: z
    .int()
    .min(0, 'canarySize must not be negative')
    .max(RUN_LIMITS.maxBatchSize, `canarySize must be at most ${RUN_LIMITS.maxBatchSize}`),
  batchPauseMs: z
    .int()
    .min(0, 'batchPauseMs must not be negative')
    .max(RUN_LIMITS.maxBatchPauseMs, `batchPauseMs must be at most ${RUN_LIMITS.maxBatchPauseMs}`),
  maxFailures: z.int().min(1, 'maxFailures must be at least 1').nullable(),
});

export type RunOptions = z.infer<typeof optionsSchema>;

/** @throws BAD_USER_INPUT */
export function checkOptions(request: RunOptionsRequest): RunOptions {
  const parsed = optionsSchema.safeParse({
    batchSize: request.batchSize ?? RUN_LIMITS.maxBatchSize,
    canarySize: request.canarySize ?? 0,
    batchPauseMs: request.batchPauseMs ?? 0,
    maxFailures: request.maxFailures ?? null,
  });
  if (parsed.success) return parsed.data;
  throw new Fault(
    'BAD_USER_INPUT',
    `The run is not acceptable: ${parsed.error.issues[0]?.message ?? 'unknown reason'}.`,
  );
}

/** The canary servers are batch 0; the others follow in batches of the given size. */
export function batchOf(index: number, { batchSize, canarySize }: RunOptions): number {
  if (canarySize === 0) return Math.floor(index / batchSize);
  return index < canarySize ? 0 : 1 + Math.floor((index - canarySize) / batchSize);
}
