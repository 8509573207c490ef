import { readFileSync, statSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { ENVIRONMENT_PREFIX, type Environment } from './environment.js';
import { fileNameOf, SETTINGS, type AgentConfig, type SettingName } from './settings.js';

export type SettingSource = 'default' | 'file' | 'environment';

/** The configuration in force and where each value came from. */
export interface LoadedConfig {
  config: AgentConfig;
  sources: Record<SettingName, SettingSource>;
  /** The file that was read; null when there is none. */
  path: string | null;
}

/** A configuration that cannot be used; its message is for the person who wrote it. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

const names = Object.keys(SETTINGS) as SettingName[];

/**
 * Reads the YAML file, then lets the environment override it. An unknown name is an error in both.
 * @param path the file asked for; without it the default place is read when there is a file
 * @throws ConfigError
 */
export function loadConfig(environment: Environment, path?: string): LoadedConfig {
  const fromFile = readConfigFile(path ?? environment.defaultConfigPath, path !== undefined);
  const fromEnvironment = environmentValues(environment);
  const config: Record<string, unknown> = {};
  const sources = {} as Record<SettingName, SettingSource>;
  for (const name of names) {
    const { schema, fallback } = SETTINGS[name];
    sources[name] = fromEnvironment.has(name) ? 'environment' : fromFile?.has(name) ? 'file' : 'default';
    const given = sources[name] === 'environment' ? fromEnvironment.get(name) : fromFile?.get(name);
    const parsed = schema.safeParse(sources[name] === 'default' ? fallback(environment) : given);
    if (!parsed.success) throw new ConfigError(`${labelOf(name, sources[name])} ${z.prettifyError(parsed.error)}`);
    config[name] = parsed.data;
  }
  return { config: config as AgentConfig, sources, path: fromFile ? (path ?? environment.defaultConfigPath) : null };
}

function labelOf(name: SettingName, source: SettingSource): string {
  return source === 'environment' ? environmentNameOf(name) : `The setting ${fileNameOf(name)}`;
}

/** The environment variable that overrides a setting. */
export function environmentNameOf(name: SettingName): string {
  return `${ENVIRONMENT_PREFIX}${fileNameOf(name).toUpperCase()}`;
}

function readConfigFile(path: string, isRequired: boolean): Map<SettingName, unknown> | null {
  let text: string;
  try {
    const { uid, mode } = statSync(path);
    if ((mode & 0o022) !== 0 || (uid !== 0 && uid !== process.getuid?.())) {
      throw new ConfigError(`${path} may be written by others: make it owned by root, mode 0644`);
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (!isRequired && isMissing(error)) return null;
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${path} cannot be read`, { cause: error });
  }
  return settingsOf(path, parseYaml(path, text));
}

function parseYaml(path: string, text: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(parse(text) ?? {});
  } catch (error) {
    throw new ConfigError(`${path} is not a YAML file of settings`, { cause: error });
  }
}

function settingsOf(path: string, values: Record<string, unknown>): Map<SettingName, unknown> {
  const byFileName = new Map(names.map((name) => [fileNameOf(name), name]));
  return new Map(
    Object.entries(values).map(([key, value]) => {
      const name = byFileName.get(key);
      if (!name) throw new ConfigError(`${path} has an unknown setting: ${key}`);
      return [name, value];
    }),
  );
}

function environmentValues({ overrides }: Environment): Map<SettingName, unknown> {
  const byVariable = new Map(names.map((name) => [fileNameOf(name).toUpperCase(), name]));
  return new Map(
    Object.entries(overrides).map(([variable, text]) => {
      const name = byVariable.get(variable);
      if (!name) throw new ConfigError(`${ENVIRONMENT_PREFIX}${variable} is not a setting of the agent`);
      return [name, fromText(name, text)];
    }),
  );
}

/** A variable is text; a switch or a number is read from it where the setting's default is one. */
function fromText(name: SettingName, text: string): unknown {
  const { schema } = SETTINGS[name];
  if (schema instanceof z.ZodBoolean) return { true: true, false: false }[text] ?? text;
  if (schema instanceof z.ZodNumber) return /^\d+$/.test(text) ? Number(text) : text;
  return text;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
