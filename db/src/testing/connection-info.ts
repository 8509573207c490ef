import type { RolePasswords } from '../roles/index.js';

/** What a test process needs to know about the server of its run. Plain data: it crosses process borders. */
export interface TestServer {
  /** Superuser, maintenance database. */
  adminUrl: string;
  rolePasswords: RolePasswords;
  /** Name of a migrated database that nobody may connect to, of which every test database is a copy. */
  template: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    testServer: TestServer;
    /** A server whose template keeps telemetry in TimescaleDB; null where there is none. */
    timescaleServer: TestServer | null;
  }
}
