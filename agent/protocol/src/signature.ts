import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign as nodeSign,
  verify as nodeVerify,
  type KeyObject,
} from 'node:crypto';
import { encodeFields, sha256Hex } from './bytes.js';

/**
 * What a signature is for. A signature made under one domain verifies under no other, so a handshake signature can
 * never pass for a command signature.
 */
export type SignatureDomain =
  | 'ph-keyset-v1'
  | 'ph-rel-v1'
  | 'ph-enrol-v1'
  | 'ph-receipt-v1'
  | 'ph-agent-hs-v1'
  | 'ph-cp-hs-v1'
  | 'ph-cp-hs-v2'
  | 'ph-cmd-v1'
  | 'ph-res-v1'
  | 'ph-rot-v1'
  | 'ph-anchor-v1';

/** Raw Ed25519 public key, 32 bytes, as base64url. The only form in which public keys travel. */
export type PublicKeyText = string;

const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PUBLIC_KEY_TEXT = /^[A-Za-z0-9_-]{43}$/;

/**
 * The points of small order, without the sign bit. Under such a key a signature can be made up without any private key,
 * and OpenSSL does not refuse it.
 *
 * Values: libsodium, `ge25519_has_small_order`.
 */
const SMALL_ORDER_POINTS = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

export interface SigningKey {
  readonly publicKey: PublicKeyText;
  /** First 16 hexadecimal characters of the SHA-256 of the raw public key. */
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

export function generateSigningKey(): SigningKey {
  return describeKey(generateKeyPairSync('ed25519').privateKey);
}

/** Reads a PKCS#8 PEM private key. @throws when it is not an Ed25519 key. */
export function readSigningKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('The key is not an Ed25519 private key');
  return describeKey(privateKey);
}

/** The private key as PKCS#8 PEM. Write it only to a file of mode 0600. */
export function exportSigningKey(key: SigningKey): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function describeKey(privateKey: KeyObject): SigningKey {
  const raw = createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(SPKI_PREFIX.length);
  return { publicKey: Buffer.from(raw).toString('base64url'), keyId: keyIdOf(raw), privateKey };
}

export function keyIdOf(rawPublicKey: Uint8Array): string {
  return sha256Hex(rawPublicKey).slice(0, 16);
}

/** SHA-256 of the raw public key, hexadecimal: what an install line pins of the root key. */
export function fingerprintOf(publicKey: PublicKeyText): string {
  return sha256Hex(Buffer.from(publicKey, 'base64url'));
}

/** Whether the text is a key's one and only form, and the key one that only its owner can sign with. */
export function isPublicKeyText(value: string): boolean {
  if (!PUBLIC_KEY_TEXT.test(value)) return false;
  const raw = Buffer.from(value, 'base64url');
  if (raw.toString('base64url') !== value) return false;
  raw[31] = raw[31]! & 0x7f;
  return !SMALL_ORDER_POINTS.has(raw.toString('hex'));
}

/** Signs the length-prefixed fields under a domain. Ed25519 only; there is no other algorithm to choose. */
export function signFields(key: SigningKey, domain: SignatureDomain, fields: readonly (Uint8Array | string)[]): Buffer {
  return nodeSign(null, encodeFields(domain, fields), key.privateKey);
}

export interface SignedFields {
  publicKey: PublicKeyText;
  domain: SignatureDomain;
  fields: readonly (Uint8Array | string)[];
  signature: Uint8Array;
}

/** Whether the signature is right. Never throws: a malformed key or signature is simply not right. */
export function verifyFields({ publicKey, domain, fields, signature }: SignedFields): boolean {
  if (signature.length !== 64 || !isPublicKeyText(publicKey)) return false;
  try {
    return nodeVerify(null, encodeFields(domain, fields), publicKeyObject(publicKey), signature);
  } catch {
    // A key that is 32 bytes but no point of the curve cannot have signed anything.
    return false;
  }
}

const parsedKeys = new Map<string, KeyObject>();

function publicKeyObject(publicKey: PublicKeyText): KeyObject {
  let key = parsedKeys.get(publicKey);
  if (!key) {
    const der = Buffer.concat([SPKI_PREFIX, Buffer.from(publicKey, 'base64url')]);
    key = createPublicKey({ key: der, type: 'spki', format: 'der' });
    if (parsedKeys.size >= 4096) parsedKeys.clear();
    parsedKeys.set(publicKey, key);
  }
  return key;
}
