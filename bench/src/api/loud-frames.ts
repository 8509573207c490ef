import { LINK_LIMITS, OUTPUT_LIMITS } from '@pilothouse/protocol';

/** Who the rogue agent is, and what it shall send where. */
export interface LoudOrder {
  origin: string;
  what: string;
  serverId: string;
  workspaceId: string;
  agentId: string;
  controlPlaneKeyId: string;
  privateKey: string;
}

const frames = (frame: unknown, count: number) => Array.from({ length: count }, () => frame);

/** All that one publish holds: wrong frames, frames about commands that are not its own, and reports of itself. */
export const FRAMES: Readonly<Record<string, (serverId: string) => unknown[]>> = {
  'frames that are none': () => frames({ nonsense: 'x'.repeat(2000) }, LINK_LIMITS.maxFramesPerPublish),
  'output of commands of others': (commandId) => {
    const data = Buffer.alloc(OUTPUT_LIMITS.maxFrameBytes, 'x').toString('base64');
    return frames({ output: { commandId, seq: 1, stream: 'STDOUT', offset: 0, data } }, 8);
  },
  'news of commands of others': (commandId) => frames({ received: { commandId } }, LINK_LIMITS.maxFramesPerPublish),
  'its health, again and again': () => {
    const check = (number: number) => ({ name: `check ${number}`, ok: false, message: 'x'.repeat(300) });
    return frames({ health: { checks: Array.from({ length: 32 }, (_, number) => check(number)) } }, 64);
  },
};
