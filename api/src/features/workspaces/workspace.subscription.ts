import { changeSubscription, type ChangeParts } from '../../kernel/streams/change-subscription.js';
import type { WorkspaceRepository } from './workspace.repository.js';
import { WorkspaceChange } from './workspace.types.js';

export function workspaceSubscription(parts: ChangeParts & { workspaces: WorkspaceRepository }): object {
  return changeSubscription(parts, {
    name: 'workspaceChanged',
    description: 'The workspace that this request is about, whenever it was changed; resume by `afterSeq`',
    type: WorkspaceChange,
    kind: 'WORKSPACE',
    action: 'workspace.read',
    load: async (tx, _ids, { workspaceId }) => {
      const workspace = await parts.workspaces.current(tx, workspaceId);
      return workspace ? [workspace] : [];
    },
    toChange: ({ seq, thing }) => ({ seq, workspace: thing }),
  });
}
