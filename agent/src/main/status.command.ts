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

function describe({ version, pid, startedAt, serverId, url, link, commands, telemetry }: AgentStatus): string {
  const rows: [string, string][] = [
    ['Link', `${link.state.toLowerCase().replace('_', ' ')} since ${link.since}`],
    ['Control plane', url],
    ['Server', serverId],
    ['Epoch', link.epoch ? `${link.epoch.generation}.${link.epoch.counter}` : 'none'],
    ['Last error', link.lastError ?? 'none'],
    ...(link.advice ? [['', link.advice] as [string, string]] : []),
    ['Commands', commands ? `${commands.running.length} running, ${commands.queued} waiting` : 'switched off'],
    ...(commands?.running ?? []).map(({ commandId, startedAt: at }): [string, string] => [
      '',
      `${commandId} since ${at}`,
    ]),
    ['Buffer', `${Math.ceil(telemetry.bufferedBytes / 1024)} KiB of figures, ${telemetry.droppedTicks} dropped`],
    ['Agent', `${version}, process ${pid}, started ${startedAt}`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(14)}${value}`).join('\n');
}
