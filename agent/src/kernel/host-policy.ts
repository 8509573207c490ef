import { closeSync, constants, fstatSync, openSync, readFileSync, statSync, type Stats } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000 } as const;

const duration = z
  .string()
  .regex(/^[1-9][0-9]{0,5}[smh]$/, 'not a duration such as 30s, 10m or 2h')
  .transform((text) => Number(text.slice(0, -1)) * UNIT_MS[text.slice(-1) as keyof typeof UNIT_MS]);

const policySchema = z
  .strictObject({
    exec: z.boolean().default(true),
    shell: z.boolean().default(true),
    metrics: z.boolean().default(true),
    runAs: z.union([z.array(z.string().min(1)), z.literal(false)]).optional(),
    maxTimeout: duration.optional(),
    blockedPrograms: z.array(z.string().min(1)).default([]),
  })
  .transform(({ runAs, maxTimeout, ...rest }) => ({
    ...rest,
    /** Users that commands may run as, beside the agent's own; null: any. */
    runAs: runAs === false ? [] : (runAs ?? null),
    maxTimeoutMs: maxTimeout ?? null,
  }));

/** What the owner of a host lets the control plane do there. It can only narrow; no message can change it. */
export type HostPolicy = z.output<typeof policySchema>;

export type HostPolicyReading = { ok: true; policy: HostPolicy } | { ok: false; problem: string };

/** Without a file nothing is narrowed. */
export const OPEN_HOST_POLICY: HostPolicy = policySchema.parse({});

/**
 * The policy file of this host. `read` notices every change of the file. A file that cannot be trusted or understood
 * gives a problem, upon which the caller refuses everything: a mistake in a fence must not open it.
 */
export class HostPolicyFile {
  private known: { mark: string; reading: HostPolicyReading } | null = null;

  constructor(private readonly path: string) {}

  read(): HostPolicyReading {
    const mark = this.mark();
    if (this.known?.mark !== mark) this.known = { mark, reading: readPolicy(this.path) };
    return this.known.reading;
  }

  private mark(): string {
    try {
      const { dev, ino, size, mtimeNs, ctimeNs } = statSync(this.path, { bigint: true });
      return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unknown';
    }
  }
}

function readPolicy(path: string): HostPolicyReading {
  const refuse = (problem: string): HostPolicyReading => ({
    ok: false,
    problem: `The host policy ${path} ${problem}; nothing is allowed until this is mended`,
  });
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { ok: true, policy: OPEN_HOST_POLICY } : refuse(`cannot be read (${code})`);
  }
  try {
    const distrust = reasonToDistrust(fstatSync(file));
    if (distrust) return refuse(distrust);
    const parsed = policySchema.safeParse(parse(readFileSync(file, 'utf8')) ?? {});
    return parsed.success ? { ok: true, policy: parsed.data } : refuse(`has a mistake: ${describe(parsed.error)}`);
  } catch (error) {
    return refuse(`is not readable YAML (${(error as Error).message.split('\n')[0]})`);
  } finally {
    closeSync(file);
  }
}

function reasonToDistrust(stats: Stats): string | null {
  if (!stats.isFile()) return 'is not a regular file';
  if (stats.uid !== 0 && stats.uid !== process.getuid?.()) return `belongs to user ${stats.uid}, not to root`;
  if ((stats.mode & 0o022) !== 0) return 'may be written by others than its owner';
  return null;
}

function describe(error: z.ZodError): string {
  return error.issues
    .map((issue) => (issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message))
    .join('; ');
}
