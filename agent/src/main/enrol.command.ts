import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { ENROLMENT_TOKEN } from '@pilothouse/protocol';
import { collectFacts } from '../capabilities/facts/index.js';
import { SETTINGS } from '../kernel/settings.js';
import { lockState, StateDirectory } from '../kernel/state-directory.js';
import { AGENT_VERSION } from '../kernel/version.js';
import { enrol } from '../link/enrolment.js';
import { loadIdentity } from '../link/identity.js';
import { addressOf } from './address.js';
import { CONFIG_HELP, CONFIG_OPTION, configOf, print, textOf, UsageError, type CliCommand } from './cli-command.js';
import { forgetServer } from './state-contents.js';

export const enrolCommand: CliCommand = {
  summary: 'make this host a server of a control plane',
  usage: 'enrol --url URL --pin SHA256 [--token-file FILE]',
  details: `Reads the single-use enrolment token from standard input, or from a file; never from the command line, where
other users of this host could see it. \`pilothouse server add\` prints the whole line.

  --url URL          address of the control plane, such as https://pilot.example.org
  --pin SHA256       fingerprint of its root key; another installation is refused
  --tls-pin PIN      fingerprint of its TLS certificate, or sha256//… of its key, where no public authority signed it
  --token-file FILE  file that holds the token
  --replace          enrol a host that is enrolled already; it forgets what belonged to the former server
${CONFIG_HELP}`,
  options: {
    ...CONFIG_OPTION,
    url: { type: 'string' },
    pin: { type: 'string' },
    'tls-pin': { type: 'string' },
    'token-file': { type: 'string' },
    replace: { type: 'boolean' },
  },
  async run(values) {
    const { config } = configOf(values);
    const url = setting('url', textOf(values, 'url')) ?? config.url;
    const pin = setting('pin', textOf(values, 'pin')) ?? config.pin;
    const tlsPin = setting('tlsPin', textOf(values, 'tls-pin')) ?? config.tlsPin;
    if (!url || !pin) throw new UsageError('Give --url and --pin; pilothouse server add prints both.');
    const address = addressOf({ url, tlsPin }, config);
    const state = new StateDirectory(config.stateDirectory);
    await state.prepare();
    const unlock = await lockState(state);
    try {
      const former = await loadIdentity(state.identity).catch(() => null);
      if (former && values.replace !== true) {
        throw new UsageError(`This host is enrolled already, at ${former.url}. To enrol it anew, add --replace.`);
      }
      const token = await readToken(textOf(values, 'token-file'));
      const facts = await collectFacts({ agentVersion: AGENT_VERSION });
      const identity = await enrol({ state, address, pin, tlsPin, token, facts });
      if (former && former.serverId !== identity.serverId) await forgetServer(state);
      print(`Enrolled at ${url} as server ${identity.serverId}. Start the agent with: pilothouse-agent run`);
      return 0;
    } finally {
      unlock();
    }
  },
};

/** A value of the command line, read as the setting of that name is. */
function setting(name: 'url' | 'pin' | 'tlsPin', text: string | undefined): string | null {
  if (text === undefined) return null;
  const parsed = SETTINGS[name].schema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--${name === 'tlsPin' ? 'tls-pin' : name} ${parsed.error.issues[0]?.message}`);
}

/** A token is 47 characters; whatever is longer than this is something else. */
const MAX_TOKEN_BYTES = 1024;

async function readToken(path: string | undefined): Promise<string> {
  const text = path === undefined ? await readStandardInput() : await readStart(path);
  const token = text.trim();
  if (!ENROLMENT_TOKEN.test(token)) {
    throw new UsageError('This is no enrolment token: one begins with phe_ and has 47 characters.');
  }
  return token;
}

async function readStart(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_TOKEN_BYTES), 0, MAX_TOKEN_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) return askWithoutEcho('Enrolment token: ');
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MAX_TOKEN_BYTES) break;
  }
  return text;
}

async function askWithoutEcho(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
