import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { COMMAND_LIMITS } from '@pilothouse/protocol';
import { z } from 'zod';
import { ServerEnrolment, type EnrolmentService } from '../../features/enrolment/index.js';
import type { Logger } from '../../kernel/log.js';
import { systemContext } from '../../kernel/request-context.js';
import { tellParent } from './parent.js';

export interface LocalEnrolmentParts {
  enrolments: EnrolmentService;
  stateDir: string;
  publicOrigin: string;
  rootFingerprint: string;
  log: Logger;
}

const noteSchema = z.object({ workspaceId: z.uuid() });

/** The agent of the control plane's own machine: a server with full access in the first workspace. */
export class LocalEnrolment {
  constructor(private readonly parts: LocalEnrolmentParts) {}

  /** Remembers the workspace this machine belongs to, and offers its agent a token. */
  async belongTo(workspaceId: string): Promise<void> {
    await writeFile(this.notePath, JSON.stringify({ workspaceId }), { mode: 0o600 });
    await this.offerEnrolment();
  }

  /** Hands the supervisor a token; nothing happens before set-up. Asked for again, it gives a new token. */
  async offerEnrolment(): Promise<void> {
    const { publicOrigin: url, rootFingerprint: pin, log } = this.parts;
    try {
      const token = await this.issueToken();
      if (token !== null) tellParent({ type: 'local-enrolment', token, url, pin });
    } catch (error) {
      log.error({ err: error }, 'The agent of this machine could not be given a token; the next start tries again');
    }
  }

  private async issueToken(): Promise<string | null> {
    const workspaceId = await this.readWorkspace();
    if (workspaceId === null) return null;
    const ctx = systemContext(workspaceId, 'local-agent');
    const made = await this.parts.enrolments.createServer(ctx, {
      name: hostname(),
      description: 'The machine that runs Pilothouse',
      tags: [],
      profile: 'full-access',
      protected: false,
      concurrency: COMMAND_LIMITS.defaultConcurrency,
      idempotencyKey: 'local-agent',
    });
    if (!(made instanceof ServerEnrolment)) throw new Error(made.message);
    if (made.enrolment) return made.enrolment.token;
    // It was enrolled before and has lost its identity.
    const again = await this.parts.enrolments.reenrolServer(ctx, { serverId: made.server.id, replaceOnline: true });
    return again instanceof ServerEnrolment ? (again.enrolment?.token ?? null) : null;
  }

  private get notePath(): string {
    return join(this.parts.stateDir, 'local-agent.json');
  }

  private async readWorkspace(): Promise<string | null> {
    try {
      return noteSchema.parse(JSON.parse(await readFile(this.notePath, 'utf8'))).workspaceId;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }
}
