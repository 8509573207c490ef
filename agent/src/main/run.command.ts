import { isStartedByNpx, readServiceEnvironment } from '../kernel/environment.js';
import { createLog } from '../kernel/log.js';
import { lockState, StateDirectory } from '../kernel/state-directory.js';
import { AGENT_VERSION } from '../kernel/version.js';
import { loadIdentity } from '../link/identity.js';
import { AgentProcess } from './agent-process.js';
import { CONFIG_HELP, CONFIG_OPTION, configOf, type CliCommand } from './cli-command.js';

export const runCommand: CliCommand = {
  summary: 'connect to the control plane and stay connected',
  usage: 'run [--config FILE]',
  details: `Runs in the foreground until SIGTERM or SIGINT; a second signal ends it at once. What happens to running commands
then is the setting on_stop. Logs go to standard error.

${CONFIG_HELP}`,
  options: CONFIG_OPTION,
  async run(values) {
    const { config, path } = configOf(values);
    const log = createLog({ level: config.logLevel });
    const state = new StateDirectory(config.stateDirectory);
    const identity = state.problem() === null ? await loadIdentity(state.identity) : null;
    if (!identity) {
      throw new Error(
        `This host is not enrolled (${state.problem() ?? `no ${state.identity}`}). Run: pilothouse-agent enrol`,
      );
    }
    if (config.pin !== null && config.pin !== identity.rootFingerprint) {
      throw new Error('The setting pin names another control plane than the one this host enrolled at');
    }
    const unlock = await lockState(state);
    log.info('Starting', {
      version: AGENT_VERSION,
      server: identity.serverId,
      state: state.path,
      config: path ?? 'none',
    });
    const agent = await AgentProcess.start({ config, state, identity, log, service: readServiceEnvironment() });
    const signal = await firstSignal();
    log.info('Stopping', { signal, commands: config.onStop });
    await agent.stop(`The agent was stopped (${signal})`);
    unlock();
    return 0;
  },
};

/** How often an agent that npx has started looks whether its parent is still there. */
const PARENT_LOOK_MS = 500;
/** From the first moment: it may be gone before anybody looks for it. */
const PARENT = process.ppid;

/** The first signal to end; the end of npx counts as one. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      process.once(signal, () => process.exit(1));
      resolve(signal);
    };
    process.once('SIGTERM', onSignal).once('SIGINT', onSignal);
    if (isStartedByNpx()) onParentGone(() => process.kill(process.pid, 'SIGTERM'));
  });
}

function onParentGone(tell: () => void): void {
  const timer = setInterval(() => {
    if (process.ppid === PARENT) return;
    clearInterval(timer);
    tell();
  }, PARENT_LOOK_MS);
  timer.unref();
}
