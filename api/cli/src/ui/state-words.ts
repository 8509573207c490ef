import type { CommandState, RunState, ServerState } from '../gql/graphql.js';
import type { Tone } from './style.js';

/** A state as it is shown: shape, word and tone say the same, so that none of them is needed alone. */
export interface StateWord {
  glyph: string;
  word: string;
  tone: Tone;
}

export const SERVER_STATES: Record<ServerState, StateWord> = {
  ONLINE: { glyph: '●', word: 'online', tone: 'ok' },
  DEGRADED: { glyph: '▲', word: 'degraded', tone: 'warn' },
  OFFLINE: { glyph: '■', word: 'offline', tone: 'bad' },
  PENDING: { glyph: '◌', word: 'pending', tone: 'idle' },
  MAINTENANCE: { glyph: '‖', word: 'maintenance', tone: 'idle' },
  REVOKED: { glyph: '✕', word: 'revoked', tone: 'idle' },
};

export const COMMAND_STATES: Record<CommandState, StateWord> = {
  QUEUED: { glyph: '◌', word: 'queued', tone: 'idle' },
  DELIVERED: { glyph: '◌', word: 'delivered', tone: 'idle' },
  RUNNING: { glyph: '▸', word: 'running', tone: 'strong' },
  SUCCEEDED: { glyph: '●', word: 'succeeded', tone: 'ok' },
  FAILED: { glyph: '■', word: 'failed', tone: 'bad' },
  TIMED_OUT: { glyph: '■', word: 'timed out', tone: 'bad' },
  CANCELLED: { glyph: '✕', word: 'cancelled', tone: 'idle' },
  EXPIRED: { glyph: '✕', word: 'expired', tone: 'warn' },
  VETOED: { glyph: '✕', word: 'vetoed', tone: 'bad' },
  INTERRUPTED: { glyph: '▲', word: 'interrupted', tone: 'warn' },
};

export const RUN_STATES: Record<RunState, StateWord> = {
  RUNNING: { glyph: '▸', word: 'running', tone: 'strong' },
  STOPPING: { glyph: '‖', word: 'stopping', tone: 'warn' },
  STOPPED: { glyph: '■', word: 'stopped', tone: 'bad' },
  FINISHED: { glyph: '●', word: 'finished', tone: 'ok' },
};
