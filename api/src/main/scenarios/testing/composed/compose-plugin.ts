import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The first release of Debian that has Compose 2; its program runs on the one before. */
const SUITE = 'trixie';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Brings `docker compose` into a directory that is then Docker's configuration, and nothing onto this machine. */
export async function bringCompose(directory: string): Promise<void> {
  const apt = join(directory, 'apt');
  await mkdir(join(apt, 'lists/partial'), { recursive: true });
  await mkdir(join(apt, 'cache/archives/partial'), { recursive: true });
  await writeFile(
    join(apt, 'sources.list'),
    `deb [signed-by=${KEYRING}] ${await archiveOfThisMachine()} ${SUITE} main\n`,
  );
  const options = [
    `Dir::Etc::SourceList=${apt}/sources.list`,
    'Dir::Etc::SourceParts=-',
    `Dir::State::Lists=${apt}/lists`,
    `Dir::Cache=${apt}/cache`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  await run('apt-get', [...options, 'update', '-qq']);
  await run('apt-get', [...options, 'download', 'docker-compose'], { cwd: apt });
  const archive = (await readdir(apt)).find((name) => name.endsWith('.deb')) ?? '';
  await run('dpkg-deb', ['--extract', archive, 'root'], { cwd: apt });
  await mkdir(join(directory, 'cli-plugins'), { recursive: true });
  const plugin = 'cli-plugins/docker-compose';
  await copyFile(join(apt, 'root/usr/libexec/docker', plugin), join(directory, plugin));
  await rm(apt, { recursive: true });
}

/** Where this machine takes Debian's own packages from: it may reach no other place. */
async function archiveOfThisMachine(): Promise<string> {
  const asked = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Label: Debian'];
  const [archive] = (await run('apt-get', asked)).stdout.split('\n');
  if (!archive) throw new Error('apt-get knows no archive of Debian: run apt-get update');
  return archive;
}
