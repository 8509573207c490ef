import type { ParseArgsConfig } from 'node:util';
import { loadConfig, type LoadedConfig } from '../kernel/config.js';
import { readEnvironment } from '../kernel/environment.js';

export type CliValues = Readonly<Record<string, string | boolean | undefined>>;

/** One word after `pilothouse-agent`. */
export interface CliCommand {
  summary: string;
  /** Shown by `--help`, below the usage line. */
  details: string;
  usage: string;
  options: NonNullable<ParseArgsConfig['options']>;
  /** The exit code. */
  run(values: CliValues): Promise<number>;
}

/** The command line is not understood; exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

export const CONFIG_OPTION = { config: { type: 'string' } } as const;
export const CONFIG_HELP = '  --config FILE      configuration file (default /etc/pilothouse/agent.yaml as root)';

export function configOf(values: CliValues): LoadedConfig {
  return loadConfig(readEnvironment(), textOf(values, 'config'));
}

export function textOf(values: CliValues, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
