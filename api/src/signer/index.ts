/** The signer: holds the command key and judges for itself what it signs. The rest of the api only knows the port. */
export { freeze, frozenSince, unfreeze } from './freeze.js';
export { InProcessSigner, type InProcessSignerOptions } from './in-process-signer.js';
export type { IssuingAction } from './instruction-kinds.js';
export { SignerServer } from './signer-server.js';
export { SigningRefused, type OpenSigner, type SignRequest, type Signer, type SigningRefusal } from './signer.port.js';
export { readSigningLog, SIGNING_LOG, type SigningLogReading } from './signing-log.js';
export { SocketSigner } from './socket-signer.js';
