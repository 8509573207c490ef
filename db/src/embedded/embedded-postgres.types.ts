/** The running server of an installation. */
export interface EmbeddedPostgres {
  /** Superuser, database `pilothouse`. For migrations; serving processes have roles of their own. */
  readonly adminUrl: string;
  readonly port: number;
  readonly dataDir: string;
  /** True when the server was left running by an earlier control plane that was killed. */
  readonly adopted: boolean;
  /** Disconnects everyone and shuts down; all that was committed is on disk. Safe to call twice. */
  stop(): Promise<void>;
}
