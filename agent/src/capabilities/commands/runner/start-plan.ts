import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment, findAccount, ownAccount, type Account } from './account.js';
import { JOB_FILES, type RunnerJob } from './runner-job.js';

/** Exit codes of a command that could not be started, as shells give them. */
export const NOT_FOUND = 127;
export const NOT_EXECUTABLE = 126;

/** Descriptor under which another user, who cannot enter the command's directory, finds the script. */
export const SCRIPT_DESCRIPTOR = 3;

/** Why a command cannot be started. */
export class StartFailure extends Error {
  constructor(
    readonly exitCode: typeof NOT_FOUND | typeof NOT_EXECUTABLE,
    message: string,
  ) {
    super(message);
  }
}

export interface StartPlan {
  file: string;
  argv: string[];
  workingDirectory: string;
  environment: Record<string, string>;
  account: Account;
  /** Whether it runs as another user than the runner. */
  switchesUser: boolean;
}

/** Works out what exactly to execute. @throws StartFailure with a sentence for people. */
export function planStart(directory: string, job: RunnerJob): StartPlan {
  const own = ownAccount();
  const switchesUser = job.user !== null && job.user !== own.name;
  const account = switchesUser ? findAccount(job.user as string) : own;
  if (!account) throw new StartFailure(NOT_EXECUTABLE, `The user ${job.user} does not exist on this host`);
  const workingDirectory = job.workingDirectory ?? account.home;
  checkWorkingDirectory(workingDirectory);
  const environment = { ...cleanEnvironment(account), ...job.environment };
  const [program, ...operands] = argvOf(directory, job, switchesUser);
  checkProgram(program, environment['PATH'] ?? '', workingDirectory);
  const plan = { workingDirectory, account, switchesUser };
  if (!switchesUser) return { ...plan, environment, file: program, argv: operands };
  const { steering, harmless } = partEnvironment(environment);
  // Node would drop the supplementary groups; setpriv sets them, then becomes the program.
  const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, `--groups=${account.groups.join(',')}`];
  const argv = [...identity, '--', ...withVariables(steering, program), ...operands];
  return { ...plan, environment: harmless, file: '/usr/bin/setpriv', argv };
}

/** What makes the dynamic loader or the C library load code or catalogues from a place of the caller's choice. */
const STEERS_LIBRARIES =
  /^(LD_.*|MALLOC_.*|GLIBC_TUNABLES|GCONV_PATH|(MUSL_)?LOCPATH|NLSPATH|LANGUAGE|TZDIR|HOSTALIASES|RES_OPTIONS)$/;

/**
 * Keeps from setpriv, which is still root, what would let a directory of the other user's choose root's libraries.
 * None of it is secret, so it may pass through an argument list.
 */
function partEnvironment(environment: Record<string, string>) {
  const parts: Record<'steering' | 'harmless', Record<string, string>> = { steering: {}, harmless: {} };
  for (const [name, value] of Object.entries(environment)) {
    parts[STEERS_LIBRARIES.test(name) ? 'steering' : 'harmless'][name] = value;
  }
  return parts;
}

/** The program, given these variables by env(1) once it runs as the other user. */
function withVariables(variables: Record<string, string>, program: string): string[] {
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  if (assignments.length === 0) return [program];
  if (program.includes('=')) {
    throw new StartFailure(
      NOT_EXECUTABLE,
      `With ${Object.keys(variables)[0]} set, ${program} cannot be run as another user`,
    );
  }
  return ['/usr/bin/env', ...assignments, program];
}

function argvOf(directory: string, { program }: RunnerJob, switchesUser: boolean): [string, ...string[]] {
  if (program.type === 'argv') return program.argv as [string, ...string[]];
  const script = switchesUser ? `/proc/self/fd/${SCRIPT_DESCRIPTOR}` : join(directory, JOB_FILES.script);
  return [program.interpreter === 'bash' ? '/bin/bash' : '/bin/sh', script];
}

function checkWorkingDirectory(path: string): void {
  try {
    if (!statSync(path).isDirectory()) {
      throw new StartFailure(NOT_EXECUTABLE, `The working directory ${path} is not a directory`);
    }
    accessSync(path, constants.X_OK);
  } catch (error) {
    if (error instanceof StartFailure) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const problem = missing ? 'does not exist' : 'may not be entered';
    throw new StartFailure(NOT_EXECUTABLE, `The working directory ${path} ${problem}`);
  }
}

/** Looks a program up as execvp(3) does, to say in advance and in words what is wrong with it. */
function checkProgram(program: string, path: string, workingDirectory: string): void {
  const candidates = program.includes('/')
    ? [program.startsWith('/') ? program : join(workingDirectory, program)]
    : path.split(':').map((directory) => join(directory || workingDirectory, program));
  let found = false;
  for (const candidate of candidates) {
    try {
      if (!statSync(candidate).isFile()) {
        found ||= program.includes('/');
        continue;
      }
      found = true;
      accessSync(candidate, constants.X_OK);
      return;
    } catch (error) {
      found ||= (error as NodeJS.ErrnoException).code === 'EACCES';
    }
  }
  if (found) throw new StartFailure(NOT_EXECUTABLE, `The program ${program} may not be executed`);
  throw new StartFailure(NOT_FOUND, `The program ${program} was not found`);
}

/** The sentence for an error that only the kernel found. */
export function failureOf(error: NodeJS.ErrnoException, program: string): StartFailure {
  const sentences: Record<string, string> = {
    ENOENT: `The program ${program} was not found, or its interpreter was not`,
    EACCES: `The program ${program} may not be executed`,
    ENOEXEC: `The program ${program} is not in a format this host can execute`,
    E2BIG: 'The arguments and environment are longer than this host allows',
    ENOMEM: 'The host has no memory left to start a process',
    EAGAIN: 'The host allows no more processes',
  };
  const code = error.code ?? 'unknown error';
  const exitCode = code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE;
  return new StartFailure(exitCode, sentences[code] ?? `The program ${program} could not be started (${code})`);
}
