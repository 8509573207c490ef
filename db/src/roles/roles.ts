/**
 * Who may log in to the database, each serving one part of the control plane with a pool of its own.
 *
 * - `ph_app`: the api. Reads and writes rows of the workspace its transaction has set; owns nothing.
 * - `ph_jobs`: schedules and queues; owns the schema `bullmq`, which `ph_app` cannot use.
 * - `ph_telemetry_writer`: writes samples, cannot read them.
 * - `ph_signer`: reads what the signer judges a command by.
 */
export const LOGIN_ROLES = ['ph_app', 'ph_jobs', 'ph_telemetry_writer', 'ph_signer'] as const;

/**
 * Who owns things; nobody logs in as these.
 *
 * - `ph_owner`: all tables and functions of the schema `public`. Migrations `SET ROLE` to it.
 * - `ph_telemetry_owner`: partitions, roll-ups and views of telemetry.
 */
export const OWNER_ROLES = ['ph_owner', 'ph_telemetry_owner'] as const;

export type LoginRole = (typeof LOGIN_ROLES)[number];
export type OwnerRole = (typeof OWNER_ROLES)[number];
