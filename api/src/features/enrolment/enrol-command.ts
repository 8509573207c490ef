/** How agents reach this installation and know it again. */
export interface InstallationAddress {
  /** Where agents connect to: `https://host:port` without a path. */
  publicOrigin: string;
  /** SHA-256 of the root key, hexadecimal. */
  rootFingerprint: string;
  /** SHA-256 of the TLS certificate where no public authority signed it. */
  tlsFingerprint?: string | null;
}

/** One line for a shell of the host. The token is not part of it: arguments can be read by every user of the host. */
export function enrolCommand({ publicOrigin, rootFingerprint, tlsFingerprint }: InstallationAddress): string {
  const tlsPin = tlsFingerprint == null ? [] : ['--tls-pin', tlsFingerprint];
  const words = ['pilothouse-agent', 'enrol', '--url', publicOrigin, '--pin', rootFingerprint, ...tlsPin];
  return words.map(shellWord).join(' ');
}

/** A text as one word of a shell: `https://[2001:db8::1]` would else be a pattern for names of files. */
function shellWord(text: string): string {
  return /^[\w./:@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
