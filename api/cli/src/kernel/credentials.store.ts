import { randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { CliError } from './cli-error.js';

const controlPlaneSchema = z.object({
  token: z.nullable(z.string()),
  email: z.nullable(z.string()),
  /** SHA-256 of the certificate to accept, in place of what the system's authorities say. */
  pin: z.nullable(z.string()),
  /** The workspace chosen; null: the control plane chooses. */
  workspaceId: z.nullable(z.string()),
});

const fileSchema = z.object({
  version: z.literal(1),
  /** Address signed in to last. */
  current: z.nullable(z.string()),
  controlPlanes: z.record(z.string(), controlPlaneSchema),
});

/** What is remembered of one control plane. */
export type KnownControlPlane = z.infer<typeof controlPlaneSchema>;
type Credentials = z.infer<typeof fileSchema>;

const EMPTY: Credentials = { version: 1, current: null, controlPlanes: {} };
const UNKNOWN_CONTROL_PLANE: KnownControlPlane = { token: null, email: null, pin: null, workspaceId: null };

/** Sessions by control plane, in one file that only its owner can read. */
export class CredentialsStore {
  private readonly path: string;

  constructor(private readonly directory: string) {
    this.path = join(directory, 'credentials.json');
  }

  async current(): Promise<string | null> {
    return (await this.read()).current;
  }

  async find(origin: string): Promise<KnownControlPlane> {
    return (await this.read()).controlPlanes[origin] ?? UNKNOWN_CONTROL_PLANE;
  }

  /** Changes what is known of one control plane, and makes it the current one. */
  async remember(origin: string, change: Partial<KnownControlPlane>): Promise<void> {
    const credentials = await this.read();
    const known = credentials.controlPlanes[origin] ?? UNKNOWN_CONTROL_PLANE;
    await this.write({
      ...credentials,
      current: origin,
      controlPlanes: { ...credentials.controlPlanes, [origin]: { ...known, ...change } },
    });
  }

  private async read(): Promise<Credentials> {
    let text: string;
    try {
      if (((await stat(this.path)).mode & 0o077) !== 0) {
        throw new CliError(`Others can read ${this.path}. Run chmod 600 on it, and sign in again if it was shared.`);
      }
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
      throw error;
    }
    const parsed = fileSchema.safeParse(jsonOrNull(text));
    if (!parsed.success) throw new CliError(`${this.path} is damaged. Delete it and sign in again.`);
    return parsed.data;
  }

  /** Whole or not at all: a crash or a second process never leaves half a file. */
  private async write(credentials: Credentials): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    await chmod(this.directory, 0o700);
    const draft = `${this.path}.${randomBytes(6).toString('hex')}`;
    try {
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(`${JSON.stringify(credentials, null, 2)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.path);
    } finally {
      await rm(draft, { force: true });
    }
  }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is answered like JSON of another shape.
    return null;
  }
}
