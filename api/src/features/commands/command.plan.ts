import {
  COMMAND_LIMITS,
  commandArgumentsSchema,
  OUTPUT_LIMITS,
  type CommandArguments,
  type CommandIntent,
  type CommandLimits,
  type Scope,
} from '@pilothouse/protocol';
import { z } from 'zod';
import { Fault } from '../../kernel/fault.js';
import { isStorable } from '../../kernel/storable-text.js';

/** What a person asks to be run, as services take it. */
export interface CommandRequest {
  argv?: readonly string[] | null;
  script?: string | null;
  interpreter?: 'sh' | 'bash' | null;
  workingDirectory?: string | null;
  user?: string | null;
  environment?: readonly { name: string; value: string }[] | null;
  stdin?: Buffer | null;
  timeoutMs?: number | null;
  priority?: number | null;
  concurrency?: number | null;
  idempotent?: boolean | null;
}

/** A checked request: exactly what goes into the envelope, but for what depends on the server. */
export interface CommandPlan {
  arguments: CommandArguments;
  timeoutMs: number;
  concurrency: number | null;
  idempotent: boolean;
  /** What the command needs of a server. */
  scopes: Scope[];
  /** Found by the history's search. */
  searchText: string;
}

const timeoutMs = z
  .int('timeoutMs must be a whole number')
  .min(COMMAND_LIMITS.minTimeoutMs, `timeoutMs must be at least ${COMMAND_LIMITS.minTimeoutMs}`)
  .max(COMMAND_LIMITS.maxTimeoutMs, `timeoutMs must be at most ${COMMAND_LIMITS.maxTimeoutMs} (24 h)`);
const concurrency = z
  .int()
  .min(1, 'concurrency must be at least 1')
  .max(COMMAND_LIMITS.maxConcurrency, `concurrency must be at most ${COMMAND_LIMITS.maxConcurrency}`)
  .nullable();
const expiry = z
  .int()
  .min(COMMAND_LIMITS.minQueueExpiryMs, `expiresInMs must be at least ${COMMAND_LIMITS.minQueueExpiryMs}`)
  .max(COMMAND_LIMITS.maxQueueExpiryMs, `expiresInMs must be at most ${COMMAND_LIMITS.maxQueueExpiryMs} (7 days)`);

/** @throws BAD_USER_INPUT with a sentence that names what is wrong. */
export function planCommand(request: CommandRequest): CommandPlan {
  if ((request.argv == null) === (request.script == null)) {
    throw new Fault('BAD_USER_INPUT', 'Give either argv or script.');
  }
  const plan = checked(commandArgumentsSchema, {
    program:
      request.argv != null
        ? { type: 'argv', argv: [...request.argv] }
        : { type: 'script', script: request.script, interpreter: request.interpreter ?? 'sh' },
    workingDirectory: request.workingDirectory ?? null,
    user: request.user ?? null,
    environment: uniqueEnvironment(request.environment ?? []),
    stdin: request.stdin ? request.stdin.toString('base64') : null,
    priority: request.priority ?? 0,
  });
  if (!isStorable(plan))
    throw new Fault('BAD_USER_INPUT', 'The command is not acceptable: a text holds half a character.');
  const { program } = plan;
  return {
    arguments: plan,
    timeoutMs: checked(timeoutMs, request.timeoutMs ?? COMMAND_LIMITS.defaultTimeoutMs),
    concurrency: checked(concurrency, request.concurrency ?? null),
    idempotent: request.idempotent ?? false,
    scopes: [program.type === 'argv' ? 'exec' : 'shell', ...(plan.user === null ? [] : (['run-as'] as const))],
    searchText: (program.type === 'argv' ? program.argv.join(' ') : program.script).slice(0, 4000),
  };
}

/** The plan of a command that is to be run again, as it was signed. */
export function planAgain({ arguments: args, limits, idempotent }: CommandIntent): CommandPlan {
  return planCommand({
    ...(args.program.type === 'argv'
      ? { argv: args.program.argv }
      : { script: args.program.script, interpreter: args.program.interpreter }),
    workingDirectory: args.workingDirectory,
    user: args.user,
    environment: Object.entries(args.environment).map(([name, value]) => ({ name, value })),
    stdin: args.stdin === null ? null : Buffer.from(args.stdin, 'base64'),
    priority: args.priority,
    timeoutMs: limits.timeoutMs,
    concurrency: limits.concurrency,
    idempotent,
  });
}

/** What is on record of a command: what was run and as whom, never values of the environment or standard input. */
export function auditDetail(plan: CommandPlan): Record<string, unknown> {
  const { program, user, workingDirectory, environment, stdin } = plan.arguments;
  return {
    program:
      program.type === 'argv'
        ? program.argv
        : { interpreter: program.interpreter, script: program.script.slice(0, 4000) },
    user,
    workingDirectory,
    environmentNames: Object.keys(environment),
    hasStdin: stdin !== null,
    timeoutMs: plan.timeoutMs,
  };
}

export function limitsFor(plan: CommandPlan, server: { concurrency: number }): CommandLimits {
  return {
    timeoutMs: plan.timeoutMs,
    concurrency: Math.min(plan.concurrency ?? server.concurrency, server.concurrency),
    keptHeadBytes: OUTPUT_LIMITS.keptHeadBytes,
    keptTailBytes: OUTPUT_LIMITS.keptTailBytes,
  };
}

export function checkExpiry(expiresInMs: number | null | undefined): number {
  return checked(expiry, expiresInMs ?? COMMAND_LIMITS.defaultQueueExpiryMs);
}

function uniqueEnvironment(entries: readonly { name: string; value: string }[]): Record<string, string> {
  const environment: Record<string, string> = Object.create(null);
  for (const { name, value } of entries) {
    if (name in environment) throw new Fault('BAD_USER_INPUT', `The environment variable ${name} is given twice.`);
    environment[name] = value;
  }
  return environment;
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Fault('BAD_USER_INPUT', `The command is not acceptable: ${issue?.message ?? 'unknown reason'}.`, {
    details: { path: issue?.path.map(String) ?? [] },
  });
}
