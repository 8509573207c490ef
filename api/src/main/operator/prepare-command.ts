import { join, resolve } from 'node:path';
import { migrate, readRolePasswords } from '@pilothouse/db';
import { createPeopleFeature } from '../../features/people/index.js';
import type { AgentSources } from '../../features/releases/index.js';
import type { Environment } from '../../kernel/environment.js';
import { openDatabase } from '../../kernel/database/index.js';
import { InProcessEventBus } from '../../kernel/event-bus.js';
import { RateLimits } from '../../kernel/rate-limits.js';
import { certificateFingerprint, keepOwnCertificate } from '../../kernel/tls-certificate.js';
import { releaseAdvice } from '../installation/agent-release.js';
import { ensureInstallation, readKeys, readRootFingerprint } from '../installation/installation.js';
import { readRoleUrls } from '../installation/role-urls.js';
import { runOperatorCommand } from './operator-command.js';

export interface PrepareCommand {
  args: readonly string[];
  /** @throws a sentence that names what is wrong */
  readEnvironment: () => Environment;
  agent: AgentSources;
  say: (line: string) => void;
}

const USAGE = `Prepares an installation whose processes are started one by one.

  prepare install      brings the database up to date and makes the keys; says the passphrase of the root key, once
  prepare migrate      brings the database of an installation up to date
  prepare setup-code   says a fresh code with which the owner is made

PILOTHOUSE_STATE_DIR, PILOTHOUSE_DATABASE_URL and PILOTHOUSE_DATABASE_ROLES_FILE name the installation; each can be read
from a file, see the README.`;

interface Preparing {
  environment: Environment;
  stateDir: string;
  agent: AgentSources;
  say: PrepareCommand['say'];
}

const COMMANDS: Readonly<Record<string, (preparing: Preparing) => Promise<number>>> = {
  install: done(install),
  migrate: done(bringUpToDate),
  'setup-code': done(saySetUpCode),
};

function done(command: (preparing: Preparing) => Promise<void>): (preparing: Preparing) => Promise<number> {
  return async (preparing) => {
    await command(preparing);
    return 0;
  };
}

/** Returns the exit code: 0 done, 1 not done, 2 wrong usage. */
export function runPrepareCommand({ args, readEnvironment, agent, say }: PrepareCommand): Promise<number> {
  const given = () => {
    const environment = readEnvironment();
    return { environment, stateDir: resolve(environment.stateDirectory), agent, say };
  };
  return runOperatorCommand({ args, usage: USAGE, say, given, commands: COMMANDS });
}

async function install(preparing: Preparing): Promise<void> {
  const { stateDir, agent, say } = preparing;
  const adminUrl = await migrateDatabase(preparing);
  await makeCertificate(preparing);
  const { rootFingerprint, rootKeyPassphrase, advice } = await ensureInstallation({ stateDir, adminUrl, agent });
  if (advice !== null) say(advice);
  if (rootKeyPassphrase === null) return say('The keys of this installation are there already: nothing was changed.');
  say(`Made the keys of this installation. Fingerprint of its root key: ${rootFingerprint}`);
  say(`Passphrase of the root key: ${rootKeyPassphrase}`);
  say(
    'Keep it away from this machine. It is shown only now. Releasing a newer agent and replacing a lost key need it.',
  );
}

/** What a proxy shows that has no certificate of its operator's or of a public authority. */
async function makeCertificate({ environment: { publicUrl }, stateDir, say }: Preparing): Promise<void> {
  if (publicUrl === null) throw new Error('PILOTHOUSE_PUBLIC_URL is missing.');
  const own = await keepOwnCertificate(join(stateDir, 'tls'), [new URL(publicUrl).hostname]);
  say(`Certificate made by this Pilothouse, SHA-256 ${await certificateFingerprint(own.certificateFile)}`);
}

async function bringUpToDate(preparing: Preparing): Promise<void> {
  const { stateDir, agent, say } = preparing;
  const rootFingerprint = await readRootFingerprint(stateDir).catch((cause: unknown) => {
    throw new Error('Nothing is installed here yet: run "prepare install" first.', { cause });
  });
  await migrateDatabase(preparing);
  const advice = await releaseAdvice({ stateDir, rootFingerprint, agent });
  if (advice !== null) say(advice);
}

/** @returns the address of the database as its administrator */
async function migrateDatabase({ environment: { databaseUrl, databaseRolesFile }, say }: Preparing): Promise<string> {
  if (databaseUrl === null) throw new Error('PILOTHOUSE_DATABASE_URL is missing.');
  if (databaseRolesFile === null) throw new Error('PILOTHOUSE_DATABASE_ROLES_FILE is missing.');
  const rolePasswords = await readRolePasswords(databaseRolesFile);
  const { applied, telemetryDriver } = await migrate({ adminUrl: databaseUrl, rolePasswords });
  say(`The database is up to date: ${applied.length} migrations applied, telemetry in ${telemetryDriver}.`);
  return databaseUrl;
}

async function saySetUpCode({ environment, stateDir, say }: Preparing): Promise<void> {
  const urls = await readRoleUrls(environment, stateDir);
  const { sealing } = await readKeys(stateDir);
  const bus = new InProcessEventBus();
  const { database, close } = await openDatabase(urls('ph_app'), bus);
  try {
    const { setUp } = createPeopleFeature({ database, bus, sealing, rateLimits: new RateLimits() });
    const code = await setUp.offerCode();
    say(code === null ? 'There is an owner already: set-up is closed.' : `Set-up code: ${code}`);
  } finally {
    await close();
  }
}
