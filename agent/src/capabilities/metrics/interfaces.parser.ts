export interface InterfaceCounters {
  rxBytes: number;
  txBytes: number;
}

/** Interfaces that only repeat or carry what containers and the host itself say to each other. */
const INTERNAL = /^(lo|veth.*|docker\d+|docker_gwbridge|br-[0-9a-f]{12}|cali.*|cni.*|ifb\d+|dummy\d+)$/;

export function isInternalInterface(name: string): boolean {
  return INTERNAL.test(name);
}

/** Reads /proc/net/dev: all interfaces by name. An alias's name holds a colon, so the last one ends the name. */
export function parseInterfaces(text: string): Map<string, InterfaceCounters> {
  const interfaces = new Map<string, InterfaceCounters>();
  for (const line of text.split('\n').slice(2)) {
    const colon = line.lastIndexOf(':');
    if (colon < 0) continue;
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    if (columns.length < 9) continue;
    interfaces.set(line.slice(0, colon).trim(), { rxBytes: columns[0]!, txBytes: columns[8]! });
  }
  return interfaces;
}
