import { LINK_LIMITS } from '@pilothouse/protocol';

/** The limits of the link as plain numbers, so that tests can run the same code with shorter ones. */
export type LinkLimits = { readonly [Name in keyof typeof LINK_LIMITS]: number };
