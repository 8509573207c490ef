import { describeError } from '../../kernel/log.js';
import type { AgentConfig } from '../../kernel/settings.js';
import { StateDirectory } from '../../kernel/state-directory.js';
import { loadIdentity, type Identity } from '../../link/identity.js';
import { addressOf } from '../address.js';
import { bad, good, type Finding } from './finding.js';
import {
  checkDiskSpace,
  checkHostPolicy,
  checkRunningAgent,
  checkStateDirectory,
  checkSystemd,
} from './host-checks.js';
import { checkNetwork } from './network-checks.js';

/** Examines all that the agent needs. Changes nothing. */
export async function examine(config: AgentConfig): Promise<Finding[]> {
  const state = new StateDirectory(config.stateDirectory);
  const stateFinding = checkStateDirectory(state);
  const findings = [stateFinding, checkHostPolicy(config), checkSystemd(config)];
  if (stateFinding.ok) findings.push(await checkDiskSpace(state, config));
  const { identity, finding } = stateFinding.ok ? await checkIdentity(state) : { identity: null, finding: null };
  if (finding) findings.push(finding);
  findings.push(...(await checkControlPlane(config, identity)));
  if (identity) findings.push(await checkRunningAgent(state));
  return findings;
}

async function checkIdentity(state: StateDirectory): Promise<{ identity: Identity | null; finding: Finding }> {
  try {
    const identity = await loadIdentity(state.identity);
    if (identity) return { identity, finding: good('enrolment', `server ${identity.serverId} at ${identity.url}`) };
    return { identity, finding: bad('enrolment', 'this host is not enrolled', 'Run: pilothouse-agent enrol') };
  } catch (error) {
    const advice = 'Run: pilothouse-agent enrol --replace';
    return { identity: null, finding: bad('enrolment', describeError(error), advice) };
  }
}

async function checkControlPlane(config: AgentConfig, identity: Identity | null): Promise<Finding[]> {
  const url = config.url ?? identity?.url;
  const pin = config.pin ?? identity?.rootFingerprint;
  if (!url || !pin) {
    return [bad('control plane', 'neither url nor pin is known', 'Enrol this host, or set url and pin.')];
  }
  try {
    const address = addressOf({ url, tlsPin: config.tlsPin ?? identity?.tlsPin ?? null }, config);
    return await checkNetwork({ address, pin, agentId: identity?.agentId ?? null });
  } catch (error) {
    return [bad('control plane', describeError(error), 'Correct the address.')];
  }
}
