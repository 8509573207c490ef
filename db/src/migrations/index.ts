import { PeopleAndWorkspaces2026112100010 } from './202611210001-people-and-workspaces.js';
import { ServersAndAgents2026112100020 } from './202611210002-servers-and-agents.js';
import { CommandsAndRuns2026112100030 } from './202611210003-commands-and-runs.js';
import { AuditAndEvents2026112100040 } from './202611210004-audit-and-events.js';
import { Invitations2026112100050 } from './202611210005-invitations.js';
import { Retention2026112100060 } from './202611210006-retention.js';
import { Operation2026112100070 } from './202611210007-operation.js';

/** In the order in which they run. From the first release on a migration is never edited. */
export const migrations = [
  PeopleAndWorkspaces2026112100010,
  ServersAndAgents2026112100020,
  CommandsAndRuns2026112100030,
  AuditAndEvents2026112100040,
  Invitations2026112100050,
  Retention2026112100060,
  Operation2026112100070,
];

/** What a database must have seen so that this version can work on it. */
export const LATEST_MIGRATION = new (migrations.at(-1)!)().name;
