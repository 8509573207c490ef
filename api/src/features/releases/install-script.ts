import { sha256Hex } from '@pilothouse/protocol';

/** How a host reaches this installation and knows it again. */
export interface InstallationPins {
  /** `https://host:port` without a path. */
  publicOrigin: string;
  /** SHA-256 of the root key, hexadecimal. */
  rootFingerprint: string;
  /** `sha256//…`, the public key of the TLS certificate where no public authority signed it. */
  tlsKeyPin?: string | null;
}

/** Where the script takes what is known of the installation; a line of its own. */
const PLACE = '# @installation';

/** The script of a release with the address and pins of this installation as its defaults. */
export function renderInstallScript(script: string, pins: InstallationPins, sums: string): string {
  const { publicOrigin, rootFingerprint, tlsKeyPin } = pins;
  const values = { url: publicOrigin, pin: rootFingerprint, tls_pin: tlsKeyPin ?? '', sums_sha256: sha256Hex(sums) };
  const lines = Object.entries(values).map(([name, value]) => `${name}=${quoted(value)}`);
  if (!script.includes(`\n${PLACE}\n`)) throw new Error(`The install script has no line ${PLACE}`);
  return script.replace(`\n${PLACE}\n`, () => `\n${lines.join('\n')}\n`);
}

/** What is served in place of the script: it only says why. */
export function refusingScript(sentence: string): string {
  return `#!/bin/sh\nprintf '%s\\n' ${quoted(sentence)} >&2\nexit 1\n`;
}

/** One word of a POSIX shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
