import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';

/** The agent's schema, as the control plane serves it. */
export const agentSchema = buildSchema(readFileSync(new URL('../../protocol/agent.graphql', import.meta.url), 'utf8'));
