import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { clientAddressOf, ProxyAddresses } from './client-address.js';

function request(sender: string | undefined, forwardedFor?: string | string[]): IncomingMessage {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  return { socket: { remoteAddress: sender }, headers } as unknown as IncomingMessage;
}

function identified(proxies: ProxyAddresses, ...of: Parameters<typeof request>): string {
  const made = request(...of);
  proxies.identify(made);
  return clientAddressOf(made);
}

const proxies = new ProxyAddresses(['10.9.0.0/24', '192.0.2.7', 'fd00:9::/64']);

test.each([
  ['10.9.0.2', '198.51.100.4', '198.51.100.4'],
  ['::ffff:10.9.0.2', '198.51.100.4', '198.51.100.4'],
  ['192.0.2.7', '2001:db8::1', '2001:db8::1'],
  ['fd00:9::5', '198.51.100.4', '198.51.100.4'],
  ['10.9.0.2', ' 198.51.100.4 , 10.9.0.3', '198.51.100.4'],
])('a trusted proxy at %s that asks for "%s" is believed: %s', (sender, header, client) => {
  expect(identified(proxies, sender, header)).toBe(client);
});

test.each([
  ['another sender', '198.51.100.4', '203.0.113.9', '198.51.100.4'],
  ['a sender just outside a trusted network', '10.9.1.0', '203.0.113.9', '10.9.1.0'],
  [
    'a client that wrote a line of its own before the proxy did',
    '10.9.0.2',
    '203.0.113.9, 198.51.100.4',
    '198.51.100.4',
  ],
  ['a client that calls itself a proxy', '10.9.0.2', '203.0.113.9, 198.51.100.4, 10.9.0.3', '198.51.100.4'],
  ['what is no address', '10.9.0.2', '203.0.113.9, unknown', '10.9.0.2'],
  ['a proxy that names nobody', '10.9.0.2', '', '10.9.0.2'],
])('nobody is taken for somebody else by %s', (_what, sender, header, client) => {
  expect(identified(proxies, sender, header)).toBe(client);
});

test('two headers are read as one', () => {
  expect(identified(proxies, '10.9.0.2', ['203.0.113.9', '198.51.100.4'])).toBe('198.51.100.4');
});

test('where no proxy is trusted, nothing is believed', () => {
  const nobody = new ProxyAddresses([]);
  expect(identified(nobody, '127.0.0.1', '203.0.113.9')).toBe('127.0.0.1');
  expect(identified(nobody, undefined, '203.0.113.9')).toBe('');
});

test.each(['10.0.0.1', '10.0.0.0/0', '10.0.0.0/32', '::1', 'fd00::/128'])('%s is an address or a network', (text) => {
  expect(ProxyAddresses.isRange(text)).toBe(true);
});

test.each(['', 'caddy', '10.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', 'fd00::/129', '*'])(
  '%s is neither',
  (text) => {
    expect(ProxyAddresses.isRange(text)).toBe(false);
  },
);
