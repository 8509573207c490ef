#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { ConfigError } from '../kernel/config.js';
import { describeError } from '../kernel/log.js';
import { AGENT_VERSION } from '../kernel/version.js';
import { print, UsageError, type CliCommand } from './cli-command.js';
import { configCommand } from './config.command.js';
import { doctorCommand } from './doctor.command.js';
import { enrolCommand } from './enrol.command.js';
import { runCommand } from './run.command.js';
import { statusCommand } from './status.command.js';
import { uninstallCommand } from './uninstall.command.js';

const versionCommand: CliCommand = {
  summary: 'print the version',
  usage: 'version',
  details: '',
  options: {},
  run: async () => {
    print(AGENT_VERSION);
    return 0;
  },
};

const COMMANDS: Readonly<Record<string, CliCommand>> = {
  enrol: enrolCommand,
  run: runCommand,
  status: statusCommand,
  doctor: doctorCommand,
  config: configCommand,
  version: versionCommand,
  uninstall: uninstallCommand,
};

async function main([word, ...rest]: string[]): Promise<number> {
  if (word === undefined || word === '--help' || word === '-h' || word === 'help') {
    print(overview());
    return word === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(COMMANDS, word === '--version' ? 'version' : word)
    ? COMMANDS[word === '--version' ? 'version' : word]
    : undefined;
  if (!command) throw new UsageError(`There is no command ${word}. See: pilothouse-agent --help`);
  const { values } = parse(command, rest);
  if (values.help === true) {
    print(`pilothouse-agent ${command.usage}\n\n${command.details}`.trimEnd());
    return 0;
  }
  return command.run(values as Record<string, string | boolean | undefined>);
}

function parse(command: CliCommand, args: string[]) {
  try {
    return parseArgs({ args, options: { ...command.options, help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    throw new UsageError(`${describeError(error)}. See: pilothouse-agent ${command.usage.split(' ')[0]} --help`);
  }
}

function overview(): string {
  const lines = Object.entries(COMMANDS).map(([word, { summary }]) => `  ${word.padEnd(12)}${summary}`);
  return `pilothouse-agent ${AGENT_VERSION}: connects this host to a Pilothouse control plane\n\n${lines.join('\n')}\n
Settings come from a YAML file and from PILOTHOUSE_AGENT_* variables; see pilothouse-agent config.
More on a command: pilothouse-agent COMMAND --help`;
}

main(process.argv.slice(2)).then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    process.stderr.write(`pilothouse-agent: ${describeError(error)}\n`);
    process.exit(error instanceof UsageError || error instanceof ConfigError ? 2 : 1);
  },
);
