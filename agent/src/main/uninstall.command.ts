import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { lockState, StateDirectory } from '../kernel/state-directory.js';
import { loadIdentity } from '../link/identity.js';
import { CONFIG_HELP, CONFIG_OPTION, configOf, print, UsageError, type CliCommand } from './cli-command.js';

export const uninstallCommand: CliCommand = {
  summary: 'remove this agent’s identity and everything it kept',
  usage: 'uninstall [--yes]',
  details: `Removes the state directory: identity, key, journal, outputs of commands, buffered figures. Refuses while the agent
runs. Commands that still run go on. The server stays in the control plane until it is removed there.

  --yes              do not ask
${CONFIG_HELP}`,
  options: { ...CONFIG_OPTION, yes: { type: 'boolean' } },
  async run(values) {
    const { config, path } = configOf(values);
    const state = new StateDirectory(config.stateDirectory);
    const problem = state.problem();
    if (problem) {
      print(`Nothing to remove: ${problem}.`);
      return 0;
    }
    const unlock = await lockState(state);
    try {
      const identity = await loadIdentity(state.identity).catch(() => null);
      if (values.yes !== true && !(await isConfirmed(state.path))) {
        print('Nothing was removed.');
        return 1;
      }
      await rm(state.path, { recursive: true });
      print(`Removed ${state.path}.`);
      if (identity) print(`Left: server ${identity.serverId} at ${identity.url}; remove it there.`);
      for (const file of [path, config.hostPolicy].filter((left) => left !== null))
        print(`Left, if it is there: ${file}`);
      print(`Left: the program itself, ${process.argv[1]}`);
      return 0;
    } finally {
      unlock();
    }
  },
};

async function isConfirmed(path: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError('There is nobody to ask here: add --yes.');
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await lines.question(`Remove ${path} and all that is in it? Type yes: `)).trim() === 'yes';
  } finally {
    lines.close();
  }
}
