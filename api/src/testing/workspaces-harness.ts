import { PeopleHarness } from './people-harness.js';
import { createWorkspacesFeature } from '../features/workspaces/index.js';

/** Both features together on a database of their own. */
export function startWorkspaces(): Promise<PeopleHarness> {
  return PeopleHarness.start(
    (parts, people) => createWorkspacesFeature({ ...parts, newAccounts: people.newAccounts }).resolvers,
  );
}

/** The audit entries of a workspace, in order. */
export async function audited(harness: PeopleHarness, workspaceId: string): Promise<string[]> {
  const rows = await harness.sql<{ action: string }>(
    'select action from audit_entries where workspace_id = $1 order by sequence',
    [workspaceId],
  );
  return rows.map(({ action }) => action);
}

/** Whose sockets in which respect were ended since `afterSeq`. */
export function revocationsOf(harness: PeopleHarness, subjectId: string): Promise<{ kind: string }[]> {
  return harness.sql('select kind from revocations where subject_id = $1 order by seq', [subjectId]);
}
