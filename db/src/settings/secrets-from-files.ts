import { readFileSync } from 'node:fs';

const FILE_ENDING = '_FILE';

/**
 * The variables with every secret in place: one that is not set may be named in a variable of its name and `_FILE`, as
 * the file that holds it. Space at the end of the file does not count.
 *
 * @throws a sentence when a secret is set both ways, or its file cannot be read
 */
export function withSecretsFromFiles(variables: NodeJS.ProcessEnv, secrets: readonly string[]): NodeJS.ProcessEnv {
  const read = { ...variables };
  for (const name of secrets) {
    const file = variables[`${name}${FILE_ENDING}`];
    if (file === undefined) continue;
    if (variables[name] !== undefined) {
      throw new Error(`${name} and ${name}${FILE_ENDING} say the same: set one of them.`);
    }
    read[name] = readSecretFile(`${name}${FILE_ENDING}`, file);
  }
  return read;
}

function readSecretFile(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch (cause) {
    throw new Error(`The file that ${name} names cannot be read: ${file}`, { cause });
  }
}
