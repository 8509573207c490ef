/** Audit: who did what, asked about, verified, and anchored outside the database. */
import type { Database } from '../../kernel/database/index.js';
import type { Logger } from '../../kernel/log.js';
import type { PersonDirectory } from '../people/index.js';
import type { AnchorStore } from './anchor.store.js';
import { Anchors, type AnchorSigner } from './anchors.js';
import { AuditRepository } from './audit.repository.js';
import { AuditResolver } from './audit.resolver.js';
import { AuditService } from './audit.service.js';
import { VerificationService } from './verification.service.js';

export { AnchorStore } from './anchor.store.js';
export { RecentAnchors } from './recent-anchors.js';
export type { Anchors, AnchorSigner } from './anchors.js';

export interface AuditParts {
  database: Database;
  log: Logger;
  anchors: AnchorStore;
  signer: AnchorSigner;
  people: PersonDirectory;
  /** SHA-256 of the raw root key, hexadecimal. */
  rootFingerprint: string;
}

export function createAuditFeature({ database, people, anchors: store, ...parts }: AuditParts) {
  const repository = new AuditRepository(database);
  const anchors = new Anchors({ ...parts, repository, store });
  const audit = new AuditService({ database, repository });
  const verification = new VerificationService({ database, repository, anchors });
  return { anchors, resolvers: [new AuditResolver({ audit, verification, people })] };
}
