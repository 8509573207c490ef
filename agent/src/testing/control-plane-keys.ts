import {
  fingerprintOf,
  generateSigningKey,
  signKeyset,
  type Keyset,
  type SignedKeyset,
  type SigningKey,
} from '@pilothouse/protocol';

/** Real keys of one pretended installation. */
export class ControlPlaneKeys {
  readonly root = generateSigningKey();
  readonly command = generateSigningKey();
  controlPlane: SigningKey = generateSigningKey();
  version = 1;

  /** What an install line pins. */
  get pin(): string {
    return fingerprintOf(this.root.publicKey);
  }

  keyset(version = this.version): SignedKeyset {
    const describe = ({ keyId, publicKey }: SigningKey) => ({ keyId, publicKey });
    const keyset: Keyset = {
      version,
      issuedAt: '2026-01-01T00:00:00.000Z',
      controlPlane: [describe(this.controlPlane)],
      command: [describe(this.command)],
    };
    return signKeyset(this.root, keyset);
  }

  /** Replaces the control plane's identity key, as after a leak; a new keyset vouches for it. */
  rotate(): void {
    this.controlPlane = generateSigningKey();
    this.version += 1;
  }
}
