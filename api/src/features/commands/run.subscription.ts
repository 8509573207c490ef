import { changeSubscription, type ChangeParts } from '../../kernel/streams/change-subscription.js';
import type { RunRepository } from './run.repository.js';
import { RunChange, toRun } from './run.types.js';

export function runSubscription(parts: ChangeParts & { runs: RunRepository }): object {
  return changeSubscription(parts, {
    name: 'runChanged',
    description: 'Runs that changed, in order',
    type: RunChange,
    kind: 'RUN',
    action: 'commands.read',
    ids: { name: 'runIds', description: 'Only these; at most 200' },
    load: (tx, ids) => parts.runs.findMany(tx, ids),
    toChange: ({ seq, thing }) => ({ seq, run: toRun(thing) }),
  });
}
