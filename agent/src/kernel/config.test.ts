import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { environmentNameOf, loadConfig } from './config.js';
import { readEnvironment } from './environment.js';
import { fileNameOf, SETTINGS, type SettingName } from './settings.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ph-config-'));
  path = join(directory, 'agent.yaml');
});
afterEach(() => rmSync(directory, { recursive: true }));

const load = (yaml: string, variables: NodeJS.ProcessEnv = {}) => {
  writeFileSync(path, yaml);
  return loadConfig(readEnvironment(variables, false), path);
};

describe('loadConfig', () => {
  it('has a default for everything and needs no file', () => {
    const environment = readEnvironment({ XDG_CONFIG_HOME: directory, XDG_STATE_HOME: '/var/state' }, false);
    const { config, sources, path: read } = loadConfig(environment);
    expect(read).toBeNull();
    expect(config).toMatchObject({
      url: null,
      stateDirectory: '/var/state/pilothouse-agent',
      onStop: 'leave',
      metrics: true,
    });
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']));
  });

  it('keeps its files in the places of the system as root', () => {
    const { defaultConfigPath, defaultStateDirectory } = readEnvironment({ XDG_CONFIG_HOME: '/elsewhere' }, true);
    expect(defaultConfigPath).toBe('/etc/pilothouse/agent.yaml');
    expect(defaultStateDirectory).toBe('/var/lib/pilothouse-agent');
  });

  it('lets the environment override the file, and knows where each value came from', () => {
    const { config, sources } = load('url: https://a.example\nmetrics: false\n', {
      PILOTHOUSE_AGENT_URL: 'https://b.example:8443/',
      PILOTHOUSE_AGENT_METRICS_INTERVAL_SECONDS: '30',
      PILOTHOUSE_AGENT_COMMANDS: 'false',
    });
    expect(config).toMatchObject({
      url: 'https://b.example:8443',
      metrics: false,
      metricsIntervalSeconds: 30,
      commands: false,
    });
    expect(sources).toMatchObject({ url: 'environment', metrics: 'file', commands: 'environment', onStop: 'default' });
  });

  it.each([
    ['an unknown setting', 'urll: https://a.example', 'unknown setting: urll'],
    ['a path in the address', 'url: https://a.example/agent', 'The setting url'],
    ['credentials in the address', 'url: https://me:secret@a.example', 'The setting url'],
    ['another scheme', 'url: ftp://a.example', 'The setting url'],
    ['a short fingerprint', 'pin: abcd', '64 hexadecimal characters'],
    ['a relative path', 'state_directory: state', 'must be an absolute path'],
    ['a path of two lines', 'state_directory: "/a\\nb"', 'must not hold a line break'],
    ['text for a switch', 'metrics: "yes"', 'The setting metrics'],
    ['an interval just below', 'metrics_interval_seconds: 9', 'The setting metrics_interval_seconds'],
    ['an interval just above', 'metrics_interval_seconds: 310', 'The setting metrics_interval_seconds'],
    ['an interval off the tick', 'metrics_interval_seconds: 15', 'must be a multiple of 10'],
    ['too many commands', 'max_concurrent_commands: 17', 'The setting max_concurrent_commands'],
    ['no command at all', 'max_concurrent_commands: 0', 'The setting max_concurrent_commands'],
    ['an unknown word', 'on_stop: kill', 'The setting on_stop'],
    ['no mapping', '- url', 'is not a YAML file of settings'],
    ['broken YAML', 'url: [', 'is not a YAML file of settings'],
  ])('refuses %s', (_what, yaml, message) => {
    expect(() => load(yaml)).toThrow(message);
  });

  it.each(['metrics_interval_seconds: 10', 'metrics_interval_seconds: 300', 'max_concurrent_commands: 16'])(
    'takes the outermost value %s',
    (yaml) => {
      expect(() => load(yaml)).not.toThrow();
    },
  );

  it('takes a fingerprint with colons and capitals', () => {
    expect(load(`pin: "${'AB:'.repeat(31)}AB"`).config.pin).toBe('ab'.repeat(32));
  });

  it.each([
    [{ PILOTHOUSE_AGENT_URLL: 'x' }, 'PILOTHOUSE_AGENT_URLL is not a setting of the agent'],
    [{ PILOTHOUSE_AGENT_METRICS: 'maybe' }, 'PILOTHOUSE_AGENT_METRICS'],
    [{ PILOTHOUSE_AGENT_TELEMETRY_BUFFER_MIB: '1e3' }, 'PILOTHOUSE_AGENT_TELEMETRY_BUFFER_MIB'],
  ])('refuses the variables %j', (variables, message) => {
    expect(() => load('', variables)).toThrow(message);
  });

  it('refuses a file that others may write', () => {
    writeFileSync(path, 'metrics: false');
    chmodSync(path, 0o664);
    expect(() => loadConfig(readEnvironment({}, false), path)).toThrow('may be written by others');
    chmodSync(path, 0o644);
    expect(() => loadConfig(readEnvironment({}, false), path)).not.toThrow();
  });

  it('refuses to go without a file that was asked for', () => {
    expect(() => loadConfig(readEnvironment({}, false), join(directory, 'none.yaml'))).toThrow('cannot be read');
  });
});

describe('the table of settings in the README', () => {
  it('names every setting, its variable and what it is for', () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const rows = (Object.keys(SETTINGS) as SettingName[]).map(
      (name) => [`\`${fileNameOf(name)}\``, `\`${environmentNameOf(name)}\``, SETTINGS[name].meaning] as const,
    );
    for (const [name, variable, meaning] of rows) {
      expect(readme).toMatch(new RegExp(`^\\| ${name} +\\| ${variable} +\\|.*\\| ${escape(meaning)} +\\|$`, 'm'));
    }
  });
});

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
