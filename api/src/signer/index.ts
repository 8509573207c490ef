/** The signer: holds the command key and judges for itself what it signs. The rest of the api only knows the port. */
export { InProcessSigner, type InProcessSignerOptions } from './in-process-signer.js';
export { SigningRefused, type SignRequest, type Signer, type SigningRefusal } from './signer.port.js';
