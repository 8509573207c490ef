import { CONFIG_HELP, CONFIG_OPTION, configOf, print, type CliCommand } from './cli-command.js';
import { examine } from './doctor/examine.js';
import { good } from './doctor/finding.js';

export const doctorCommand: CliCommand = {
  summary: 'find out why this agent does not work',
  usage: 'doctor [--json]',
  details: `Checks configuration, state directory, host policy, disk, the way to the control plane step by step, its keys, the
WebSocket upgrade and the clock. Changes nothing. Exit code 1 when something failed.

  --json             the same as JSON
${CONFIG_HELP}`,
  options: { ...CONFIG_OPTION, json: { type: 'boolean' } },
  async run(values) {
    const { config, path } = configOf(values);
    const findings = [
      good('configuration', path ? `${path} is valid` : 'no file, defaults'),
      ...(await examine(config)),
    ];
    if (values.json === true) print(JSON.stringify(findings, null, 2));
    else {
      for (const { name, ok, message, advice } of findings) {
        print(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(16)}${message}`);
        if (advice) print(`${' '.repeat(21)}${advice}`);
      }
    }
    return findings.every(({ ok }) => ok) ? 0 : 1;
  },
};
