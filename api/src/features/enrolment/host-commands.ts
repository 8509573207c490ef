/** How agents reach this installation and know it again. */
export interface InstallationAddress {
  /** Where agents connect to: `https://host:port` without a path. */
  publicOrigin: string;
  /** SHA-256 of the root key, hexadecimal. */
  rootFingerprint: string;
  /** SHA-256 of the TLS certificate where no public authority signed it. */
  tlsFingerprint?: string | null;
  /** `sha256//…` of that certificate's key: the only pin that curl and wget know. */
  tlsKeyPin?: string | null;
}

/** One line for a shell of the host. The token is not part of it: arguments can be read by every user of the host. */
export function enrolCommand({ publicOrigin, rootFingerprint, tlsFingerprint }: InstallationAddress): string {
  const tlsPin = tlsFingerprint == null ? [] : ['--tls-pin', tlsFingerprint];
  return line(['pilothouse-agent', 'enrol', '--url', publicOrigin, '--pin', rootFingerprint, ...tlsPin]);
}

/** What fetches the install script. */
export type Downloader = 'CURL' | 'WGET';

export interface InstallOptions {
  downloader: Downloader;
  /** Also where the host is enrolled already. */
  replace: boolean;
}

/** The line for a host that has nothing yet: it fetches the install script, which asks for the token. */
export function installCommand(address: InstallationAddress, { downloader, replace }: InstallOptions): string {
  const { publicOrigin, rootFingerprint, tlsKeyPin } = address;
  const fetching = FETCHING[downloader](tlsKeyPin ?? null);
  const options = [
    ...['--url', publicOrigin, '--pin', rootFingerprint],
    ...(tlsKeyPin == null ? [] : ['--tls-pin', tlsKeyPin]),
    ...(isReadableByOthers(publicOrigin) ? ['--insecure-http'] : []),
    ...(replace ? ['--replace'] : []),
  ];
  return `sudo sh -c "$(${line([...fetching, `${publicOrigin}/install.sh`])})" -- ${line(options)}`;
}

/** Without a pin, public authorities vouch; with one, it alone does. */
const FETCHING: Record<Downloader, (pin: string | null) => string[]> = {
  CURL: (pin) => ['curl', '-fsSL', ...(pin === null ? [] : ['-k', '--pinnedpubkey', pin])],
  WGET: (pin) => ['wget', '-qO-', ...(pin === null ? [] : ['--no-check-certificate', `--pinnedpubkey=${pin}`])],
};

function isReadableByOthers(origin: string): boolean {
  return /^http:\/\/(?!127\.|localhost(:|$)|\[::1\])/.test(origin);
}

function line(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

/** A text as one word of a shell: `https://[2001:db8::1]` would else be a pattern for names of files. */
function shellWord(text: string): string {
  return /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
