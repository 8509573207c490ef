import { StateDirectory } from '../kernel/state-directory.js';
import { CONFIG_HELP, CONFIG_OPTION, configOf, print, type CliCommand } from './cli-command.js';
import { askStatus, type AgentStatus } from './status-socket.js';

export const statusCommand: CliCommand = {
  summary: 'show what the running agent is doing',
  usage: 'status [--json]',
  details: `Asks the agent over the socket in its state directory. Exit code 0: online, 1: running but not online, 3: not running.

  --json             the same as JSON
${CONFIG_HELP}`,
  options: { ...CONFIG_OPTION, json: { type: 'boolean' } },
  async run(values) {
    const state = new StateDirectory(configOf(values).config.stateDirectory);
    const status = await askStatus(state.socket);
    if (values.json === true) print(JSON.stringify(status, null, 2));
    else print(status ? describe(status) : `No agent runs on ${state.path}. Start it with: pilothouse-agent run`);
    if (!status) return 3;
    return status.link.state === 'ONLINE' ? 0 : 1;
  },
};

function describe(status: AgentStatus): string {
  const { version, pid, startedAt, serverId, url, link, key } = status;
  const rows: [name: string, ...lines: string[]][] = [
    ['Link', `${link.state.toLowerCase().replace('_', ' ')} since ${link.since}`],
    ['Control plane', url],
    ['Server', serverId],
    ['Protocol', link.protocolVersion === null ? 'none' : `version ${link.protocolVersion}`],
    ['Epoch', link.epoch ? `${link.epoch.generation}.${link.epoch.counter}` : 'none'],
    ['Key', `${key.id}, ${key.ageDays === null ? 'of unknown age' : `${key.ageDays} days old`}`],
    ['Last error', link.lastError ?? 'none', ...(link.advice === null ? [] : [link.advice])],
    ...Object.entries(status.capabilities).map(([name, { lines }]): [string, ...string[]] => [titleOf(name), ...lines]),
    ['Agent', `${version}, process ${pid}, started ${startedAt}`],
  ];
  return rows
    .flatMap(([name, ...lines]) => lines.map((line, at) => (at === 0 ? name : '').padEnd(14) + line))
    .join('\n');
}

function titleOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
