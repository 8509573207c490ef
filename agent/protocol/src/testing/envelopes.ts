import { signWritten, writeIntent, type Envelope, type SignedEnvelope } from '../envelope.js';
import type { SigningKey } from '../signature.js';

export function signEnvelope(key: SigningKey, { intent, audit }: Envelope): SignedEnvelope {
  return signWritten(key, writeIntent(intent), audit);
}
