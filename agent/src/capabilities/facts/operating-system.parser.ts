export interface OperatingSystem {
  name: string;
  version: string;
}

/** Reads /etc/os-release: shell assignments, quoted or not. A rolling distribution has no version. */
export function parseOperatingSystem(text: string): OperatingSystem {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([A-Z_]+)=(.*)$/.exec(line.trim());
    if (match) values.set(match[1]!, unquote(match[2]!));
  }
  return {
    name: values.get('NAME') ?? values.get('ID') ?? 'Linux',
    version: values.get('VERSION_ID') ?? values.get('BUILD_ID') ?? '',
  };
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted ? quoted[2]!.replace(/\\(["'\\$`])/g, '$1') : value;
}
