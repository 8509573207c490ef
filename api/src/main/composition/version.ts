import { createRequire } from 'node:module';

/** Version of this control plane. */
export const VERSION: string = (createRequire(import.meta.url)('../../../package.json') as { version: string }).version;
