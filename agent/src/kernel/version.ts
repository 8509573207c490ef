/** Version of the agent program, the same as its package's. */
export const AGENT_VERSION = '0.1.0';
