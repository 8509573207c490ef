/**
 * For how many days rows are kept after they are of no more use. The jobs remove by these figures, and the functions of
 * the database that remove rows refuse anything younger. Telemetry has tiers of its own (`timeseries/tiers.ts`).
 *
 * Values: DESIGN, "Default limits".
 */
export const RETENTION_DAYS = {
  audit_entries: 400,
  workspace_events: 1,
  commands: 90,
  command_runs: 90,
  instructions: 90,
  agent_connections: 90,
  alerts: 90,
  enrolment_tokens: 30,
  invitations: 30,
  // As long as audit and history may name them.
  api_tokens: 400,
  // For so long their person is known where they began: strangers cannot keep them from signing in there.
  sessions: 30,
  revocations: 1,
} as const;

/** A table whose old rows are removed. */
export type RetainedTable = keyof typeof RETENTION_DAYS;
