import { environmentNameOf } from '../kernel/config.js';
import { fileNameOf, type AgentConfig, type SettingName } from '../kernel/settings.js';
import { StateDirectory } from '../kernel/state-directory.js';
import { loadIdentity } from '../link/identity.js';
import { CONFIG_HELP, CONFIG_OPTION, configOf, print, type CliCommand } from './cli-command.js';

export const configCommand: CliCommand = {
  summary: 'show the configuration in force and where each value came from',
  usage: 'config [--json]',
  details: `  --json             the same as JSON
${CONFIG_HELP}`,
  options: { ...CONFIG_OPTION, json: { type: 'boolean' } },
  async run(values) {
    const { config, sources, path } = configOf(values);
    const enrolled = await rememberedByEnrolment(config);
    const rows = (Object.keys(sources) as SettingName[]).map((name) => {
      const remembered = config[name] === null ? enrolled[name] : undefined;
      const source = remembered === undefined ? sources[name] : 'enrolment';
      const from = { default: 'default', file: path, environment: environmentNameOf(name), enrolment: 'enrolment' };
      return { name: fileNameOf(name), value: remembered ?? config[name], source, from: from[source] ?? '' };
    });
    if (values.json === true) {
      print(JSON.stringify(rows, null, 2));
      return 0;
    }
    print(path ? `File: ${path}` : 'File: none');
    for (const { name, value, from } of rows)
      print(`${name.padEnd(26)}${String(value ?? '(not set)').padEnd(34)}  ${from}`);
    return 0;
  },
};

/** What `enrol` was given, which holds wherever the configuration says nothing. */
async function rememberedByEnrolment(config: AgentConfig): Promise<Partial<Record<SettingName, string>>> {
  const { identity: file } = new StateDirectory(config.stateDirectory);
  const identity = await loadIdentity(file).catch(() => null); // a damaged one is the doctor's to tell
  if (!identity) return {};
  const { url, rootFingerprint: pin, tlsPin } = identity;
  return { url, pin, ...(tlsPin !== null && { tlsPin }) };
}
