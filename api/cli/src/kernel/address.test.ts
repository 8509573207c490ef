import { describe, expect, it } from 'vitest';
import { certificatePin, controlPlaneOrigin } from './address.js';

describe('the address of a control plane', () => {
  const safe = { insecureHttp: false };

  it.each([
    ['http://127.0.0.1:7700', 'http://127.0.0.1:7700'],
    ['http://localhost:7700/', 'http://localhost:7700'],
    ['http://[::1]:7700', 'http://[::1]:7700'],
    ['https://Pilot.Example.Test:443', 'https://pilot.example.test'],
  ])('takes %s', (text, origin) => expect(controlPlaneOrigin(text, safe)).toBe(origin));

  it.each([
    'http://10.0.0.1',
    'http://127.0.0.1.example.test',
    'http://localhost.example.test',
    'http://[::ffff:10.0.0.1]',
  ])('refuses %s, which is plain HTTP beyond this machine', (text) => {
    expect(() => controlPlaneOrigin(text, safe)).toThrow('plain HTTP');
    expect(controlPlaneOrigin(text, { insecureHttp: true })).toMatch(/^http:/);
  });

  it.each(['127.0.0.1:7700', 'javascript:alert(1)', 'file:///etc/passwd', ''])('refuses %j', (text) => {
    expect(() => controlPlaneOrigin(text, safe)).toThrow('is not an address of a control plane');
  });

  it.each(['https://user@example.test', 'https://example.test/?a=b'])('refuses %s, which says too much', (text) => {
    expect(() => controlPlaneOrigin(text, safe)).toThrow('only scheme, host and port');
  });
});

describe('a pin', () => {
  const digits = 'ab'.repeat(32);

  it('takes 64 hexadecimal digits, however they are written', () => {
    expect(certificatePin(digits)).toBe(digits);
    expect(certificatePin(`sha256:${digits.toUpperCase()}`)).toBe(digits);
    expect(certificatePin(digits.match(/../g)!.join(':'))).toBe(digits);
  });

  it.each([digits.slice(1), `${digits}0`, 'g'.repeat(64), ''])('refuses %j', (text) => {
    expect(() => certificatePin(text)).toThrow('64 hexadecimal digits');
  });
});
