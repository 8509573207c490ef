import { describe, expect, it } from 'vitest';
import { nextStep, type RunStep } from './run.progress.js';

const NOW = new Date('2026-11-21T12:00:00.000Z');
const at = (offsetMs: number) => new Date(NOW.getTime() + offsetMs);

type Run = Parameters<typeof nextStep>[0];
/** Open and failed commands of each batch, from batch 0 on. */
type Batches = readonly (readonly [open: number, failed: number])[];

const RUN: Run = { state: 'RUNNING', releasedBatch: 0, nextBatchAt: null, batchPauseMs: 0, maxFailures: null };
const wait: RunStep = { do: 'wait' };
const release = (batch: number): RunStep => ({ do: 'release', batch });
const withdraw = (reason: string): RunStep => ({ do: 'withdraw', reason });

const TABLE: [what: string, run: Partial<Run>, batches: Batches, step: RunStep][] = [
  ['a run without commands is over', {}, [], { do: 'end', state: 'FINISHED' }],
  [
    'waits for the first batch',
    {},
    [
      [1, 0],
      [2, 0],
    ],
    wait,
  ],
  [
    'releases the next batch when the one before is over',
    {},
    [
      [0, 0],
      [2, 0],
    ],
    release(1),
  ],
  [
    'releases no batch while one of an earlier batch is open',
    { releasedBatch: 1 },
    [
      [1, 0],
      [0, 0],
      [2, 0],
    ],
    wait,
  ],
  [
    'releases batches in order',
    { releasedBatch: 1 },
    [
      [0, 0],
      [0, 0],
      [2, 0],
      [2, 0],
    ],
    release(2),
  ],
  [
    'skips numbers of batches that are not there',
    { releasedBatch: 0 },
    [
      [0, 0],
      [0, 0],
      [2, 0],
    ],
    release(1),
  ],
  [
    'waits for the last batch',
    { releasedBatch: 1 },
    [
      [0, 0],
      [1, 0],
    ],
    wait,
  ],
  [
    'ends when nothing is open',
    { releasedBatch: 1 },
    [
      [0, 0],
      [0, 3],
    ],
    { do: 'end', state: 'FINISHED' },
  ],
  [
    'ends even with batches that were never released',
    {},
    [
      [0, 0],
      [0, 0],
    ],
    { do: 'end', state: 'FINISHED' },
  ],
  [
    'pauses before the next batch',
    { batchPauseMs: 500 },
    [
      [0, 0],
      [1, 0],
    ],
    { do: 'pause', until: at(500) },
  ],
  [
    'keeps to a pause',
    { batchPauseMs: 500, nextBatchAt: at(1) },
    [
      [0, 0],
      [1, 0],
    ],
    wait,
  ],
  [
    'goes on when the pause is over',
    { batchPauseMs: 500, nextBatchAt: at(0) },
    [
      [0, 0],
      [1, 0],
    ],
    release(1),
  ],
  [
    'does not begin a pause while the batch is open',
    { batchPauseMs: 500 },
    [
      [1, 0],
      [1, 0],
    ],
    wait,
  ],
  [
    'goes on with one failure less than allowed',
    { maxFailures: 2 },
    [
      [0, 1],
      [1, 0],
    ],
    release(1),
  ],
  [
    'stops at the failures allowed',
    { maxFailures: 2 },
    [
      [0, 2],
      [1, 0],
    ],
    withdraw('The run stopped after 2 failures'),
  ],
  [
    'says one failure in the singular',
    { maxFailures: 1 },
    [
      [0, 1],
      [1, 0],
    ],
    withdraw('The run stopped after 1 failure'),
  ],
  [
    'stops while the batch is still under way',
    { maxFailures: 1 },
    [
      [3, 1],
      [1, 0],
    ],
    withdraw('The run stopped after 1 failure'),
  ],
  [
    'adds failures of all batches up',
    { maxFailures: 2, releasedBatch: 1 },
    [
      [0, 1],
      [1, 1],
      [1, 0],
    ],
    withdraw('The run stopped after 2 failures'),
  ],
  [
    'stops in a pause',
    { maxFailures: 1, batchPauseMs: 9, nextBatchAt: at(9) },
    [
      [0, 1],
      [1, 0],
    ],
    withdraw('The run stopped after 1 failure'),
  ],
  [
    'lets the last batch end whatever fails',
    { maxFailures: 1, releasedBatch: 1 },
    [
      [0, 0],
      [2, 5],
    ],
    wait,
  ],
  [
    'is finished, not stopped, when only the last batch fails',
    { maxFailures: 1, releasedBatch: 1 },
    [
      [0, 0],
      [0, 5],
    ],
    { do: 'end', state: 'FINISHED' },
  ],
  [
    'does not count failures where none is too many',
    { maxFailures: null },
    [
      [0, 99],
      [1, 0],
    ],
    release(1),
  ],
  [
    'waits for what is open while it stops',
    { state: 'STOPPING' },
    [
      [1, 0],
      [0, 0],
    ],
    wait,
  ],
  [
    'releases nothing while it stops',
    { state: 'STOPPING' },
    [
      [0, 0],
      [1, 0],
    ],
    wait,
  ],
  [
    'is stopped when nothing is open',
    { state: 'STOPPING' },
    [
      [0, 0],
      [0, 0],
    ],
    { do: 'end', state: 'STOPPED' },
  ],
  [
    'does nothing when it is finished',
    { state: 'FINISHED' },
    [
      [1, 0],
      [1, 0],
    ],
    wait,
  ],
  ['does nothing when it is stopped', { state: 'STOPPED' }, [], wait],
];

describe('the next step of a run', () => {
  it.each(TABLE)('%s', (_what, run, batches, step) => {
    const progress = batches.map(([open, failed], batch) => ({ batch, open, failed }));
    expect(nextStep({ ...RUN, ...run }, progress, NOW)).toEqual(step);
  });
});
