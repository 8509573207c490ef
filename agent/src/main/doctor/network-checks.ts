import { once } from 'node:events';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { openKeyset } from '@pilothouse/protocol';
import { WebSocket } from 'ws';
import { describeError } from '../../kernel/log.js';
import { TlsPinError } from '../../kernel/tls-trust.js';
import { getJson, type ControlPlaneAddress, type JsonAnswer } from '../../link/control-plane-http.js';
import { askForChallenge, challengeOf } from '../../link/handshake.js';
import { KeysetError } from '../../link/keyring.js';
import { bad, good, type Finding } from './finding.js';

/** Clocks further apart than this make certificates look expired or not yet valid. */
const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;

export interface NetworkSubject {
  address: ControlPlaneAddress;
  pin: string;
  /** Null before enrolment. */
  agentId: string | null;
}

/** From the name to the WebSocket, each step only when the one before it works: what follows could only repeat it. */
export async function checkNetwork(subject: NetworkSubject): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const check of [checkName, checkTcp, checkHttp, checkUpgrade]) {
    const found = await check(subject);
    findings.push(...found);
    if (found.some(({ ok }) => !ok)) break;
  }
  return findings;
}

async function checkName({ address }: NetworkSubject): Promise<Finding[]> {
  const { hostname } = new URL(address.url);
  const bare = hostname.replace(/^\[|\]$/g, '');
  try {
    const found = await lookup(bare, { all: true });
    return [good('name', `${bare} is ${found.map((entry) => entry.address).join(', ')}`)];
  } catch (error) {
    return [bad('name', describeError(error), 'Check the address and /etc/resolv.conf.')];
  }
}

async function checkTcp({ address }: NetworkSubject): Promise<Finding[]> {
  const { hostname, port, protocol } = new URL(address.url);
  const number = Number(port) || (protocol === 'https:' ? 443 : 80);
  const socket = connect(number, hostname.replace(/^\[|\]$/g, ''));
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(address.timeoutMs) });
    return [good('connection', `port ${number} answers`)];
  } catch (error) {
    return [bad('connection', describeError(error), `Let this host reach ${hostname} on TCP port ${number}.`)];
  } finally {
    socket.destroy();
  }
}

async function checkHttp({ address, pin }: NetworkSubject): Promise<Finding[]> {
  let answer: JsonAnswer;
  try {
    answer = await getJson(address, '/agent/keyset');
  } catch (error) {
    return [bad(address.url.startsWith('https:') ? 'TLS' : 'HTTP', describeError(error), adviceFor(error))];
  }
  const opened = openKeyset(answer.body, pin);
  if (!opened.ok) {
    const { message } = new KeysetError(opened.problem);
    return [bad('keyset', message, 'Check url and pin, and whether a proxy answers instead of the control plane.')];
  }
  return [
    good('keyset', `version ${opened.keyset.version}, signed by the pinned root key`),
    clockFinding(answer.receivedAt, answer.date),
  ];
}

function adviceFor(error: unknown): string {
  if (error instanceof TlsPinError) return 'Compare tls_pin with what the control plane prints at its start.';
  const { code = '' } = error as NodeJS.ErrnoException;
  if (/CERT|SIGNED|ISSUER/.test(code)) return 'Set tls_pin to the certificate’s fingerprint, or install its authority.';
  return 'Check the address, and the proxy in front of the control plane.';
}

function clockFinding(here: Date, there: Date | null): Finding {
  if (!there) return good('clock', 'the control plane does not tell its time here');
  const seconds = Math.round((here.getTime() - there.getTime()) / 1000);
  const message = `this host’s clock is ${Math.abs(seconds)} s ${seconds < 0 ? 'behind' : 'ahead of'} the control plane’s`;
  if (Math.abs(seconds) * 1000 <= MAX_CLOCK_DIFFERENCE_MS) return good('clock', message);
  return bad('clock', message, 'The agent works all the same, but TLS may not: set the clock.');
}

async function checkUpgrade({ address, agentId }: NetworkSubject): Promise<Finding[]> {
  const socket = new WebSocket(`${address.url.replace(/^http/, 'ws')}/agent`, 'graphql-transport-ws', {
    agent: address.tls,
    handshakeTimeout: address.timeoutMs,
    followRedirects: false,
  });
  let headers: Record<string, string | string[] | undefined> = {};
  socket.once('upgrade', (response) => (headers = response.headers));
  try {
    await once(socket, 'open');
  } catch (error) {
    return [
      bad(
        'WebSocket',
        describeError(error),
        'Let the proxy pass Upgrade and Connection headers for /agent (HTTP/1.1).',
      ),
    ];
  } finally {
    socket.on('error', () => {
      // The finding is made; how the socket ends no longer matters.
    });
    socket.terminate();
  }
  const upgraded = good('WebSocket', 'the upgrade passes');
  if (challengeOf(headers)) return [upgraded, good('challenge', 'comes with the upgrade')];
  return [upgraded, await checkFallback(address, agentId)];
}

async function checkFallback(address: ControlPlaneAddress, agentId: string | null): Promise<Finding> {
  if (agentId === null) return good('challenge', 'a proxy strips its header; the agent will ask for it separately');
  try {
    await askForChallenge(address, agentId);
    return good('challenge', 'a proxy strips its header; asking for it separately works');
  } catch (error) {
    const advice = 'Let the proxy pass the header pilothouse-challenge, or POST requests to /agent/challenge.';
    return bad('challenge', describeError(error), advice);
  }
}
