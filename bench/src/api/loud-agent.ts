import { AgentClient, helloOf } from '@pilothouse/api/testing';
import { readSigningKey } from '@pilothouse/protocol';
import { FRAMES, type LoudOrder } from './loud-frames.js';

/**
 * A rogue agent as a process of its own: publishes one after the other without a pause, and connects anew whenever it is
 * cut off. Told by its parent what to send; tells after each publish that it was taken.
 */
process.once('message', (order: LoudOrder) => void rage(order));
process.once('disconnect', () => process.exit());

async function rage({ origin, what, privateKey, ...rest }: LoudOrder): Promise<void> {
  const identity = { ...rest, key: readSigningKey(privateKey) };
  const frames = FRAMES[what]?.(identity.serverId) ?? [];
  for (;;) {
    const client = await AgentClient.open(origin);
    const { challenge } = client;
    const expected = { challenge, controlPlaneKeyId: identity.controlPlaneKeyId, audience: origin };
    if (!(await client.shake(helloOf(identity, expected)))) continue;
    while (await client.publish(frames)) process.send?.('published', () => undefined);
    client.socket.terminate();
  }
}
