import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { HostPolicyFile } from '../../kernel/host-policy.js';
import { describeError } from '../../kernel/log.js';
import type { AgentConfig } from '../../kernel/settings.js';
import type { StateDirectory } from '../../kernel/state-directory.js';
import { askStatus } from '../status-socket.js';
import { bad, good, type Finding } from './finding.js';

const MIB = 2 ** 20;
/** Room for the journal and the outputs of a few commands, beside the buffer of figures. */
const SPARE_MIB = 100;

export function checkStateDirectory(state: StateDirectory): Finding {
  const problem = state.problem();
  if (problem === null) return good('state directory', `${state.path} is the agent’s own`);
  return bad('state directory', problem, 'Run doctor as the agent’s user; `enrol` makes the directory.');
}

export function checkHostPolicy({ hostPolicy }: AgentConfig): Finding {
  const reading = new HostPolicyFile(hostPolicy).read();
  if (!reading.ok) return bad('host policy', reading.problem, 'Mend the file, owned by root and mode 0644.');
  return good('host policy', existsSync(hostPolicy) ? `${hostPolicy} is in force` : 'no file, so nothing is narrowed');
}

export async function checkDiskSpace(state: StateDirectory, { telemetryBufferMib }: AgentConfig): Promise<Finding> {
  const { bavail, bsize } = await statfs(state.path);
  const freeMib = Math.floor((bavail * bsize) / MIB);
  const neededMib = telemetryBufferMib + SPARE_MIB;
  if (freeMib >= neededMib) return good('disk space', `${freeMib} MiB free`);
  return bad(
    'disk space',
    `${freeMib} MiB free below ${state.path}, ${neededMib} may be needed`,
    'Free some space, or lower telemetry_buffer_mib.',
  );
}

export function checkSystemd({ systemdUnits }: AgentConfig): Finding {
  const hasSystemd = existsSync('/run/systemd/system');
  const isRoot = process.getuid?.() === 0;
  if (hasSystemd && isRoot && systemdUnits) return good('systemd', 'each command runs in a unit of its own');
  const reason = !hasSystemd ? 'there is no systemd' : !isRoot ? 'the agent is not root' : 'systemd_units is off';
  return good('systemd', `${reason}: each command runs in a session of its own`);
}

export async function checkRunningAgent(state: StateDirectory): Promise<Finding> {
  try {
    const status = await askStatus(state.socket);
    if (!status) return bad('running agent', 'no agent runs', 'Start it: pilothouse-agent run');
    const { link } = status;
    if (link.state === 'ONLINE') return good('running agent', `online since ${link.since}`);
    const message = `${link.state} since ${link.since}: ${link.lastError ?? 'no error yet'}`;
    return bad('running agent', message, link.advice ?? 'See the findings above.');
  } catch (error) {
    return bad('running agent', describeError(error), 'Restart the agent.');
  }
}
