import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** Of requests that a trusted proxy has passed on. */
const forwarded = new WeakMap<IncomingMessage, string>();

/** Where a request comes from: what limits count, and what goes on record. Empty when its connection has ended. */
export function clientAddressOf(request: IncomingMessage): string {
  return forwarded.get(request) ?? request.socket.remoteAddress ?? '';
}

/** The reverse proxies that are believed when they name the client they ask for. */
export class ProxyAddresses {
  private readonly known = new BlockList();

  /** @param ranges addresses, and networks as `10.0.0.0/24`; see `isRange` */
  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [address = '', bits] = range.split('/');
      if (bits === undefined) this.known.addAddress(address, familyOf(address));
      else this.known.addSubnet(address, Number(bits), familyOf(address));
    }
  }

  static isRange(this: void, text: string): boolean {
    const [address = '', bits, ...more] = text.split('/');
    if (isIP(address) === 0 || more.length > 0) return false;
    return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIPv6(address) ? 128 : 32));
  }

  /**
   * Notes who a request comes from before anything looks at it. Where a trusted proxy sends it, that is the last address
   * in its `X-Forwarded-For` that is no trusted proxy's: what stands further left is the client's own say. Where anybody
   * else sends it, the header says nothing.
   */
  identify(request: IncomingMessage): void {
    const sender = request.socket.remoteAddress ?? '';
    if (!this.has(sender)) return;
    let client = sender;
    for (const hop of hopsOf(request).reverse()) {
      if (isIP(hop) === 0) break;
      client = hop;
      if (!this.has(hop)) break;
    }
    forwarded.set(request, client);
  }

  private has(address: string): boolean {
    return isIP(address) !== 0 && this.known.check(address, familyOf(address));
  }
}

function hopsOf(request: IncomingMessage): string[] {
  const header = request.headers['x-forwarded-for'] ?? '';
  return (Array.isArray(header) ? header.join(',') : header).split(',').map((hop) => hop.trim());
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
