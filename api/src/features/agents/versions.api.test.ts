import { LinkHarness } from '@pilothouse/agent/testing';
import { CLOSE_CODES, sha256Hex, type VersionRange } from '@pilothouse/protocol';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeAgentSchema } from './index.js';
import { loadPublishedOperations, SPOKEN_PROTOCOL, type SpokenProtocol } from './published-operations.js';
import { AUDIENCE, GatewayHarness, type Replica } from './testing/gateway.harness.js';

const FIRST = SPOKEN_PROTOCOL.published(1);

/** Operations as another version of the protocol may have them: the same, said otherwise, so that every hash differs. */
function manifestOf(version: number): Record<string, string> {
  if (version === 1) return FIRST;
  const texts = Object.values(FIRST).map((text) => `# of protocol ${version}\n${text}`);
  return Object.fromEntries(texts.map((text) => [sha256Hex(text), text]));
}

/** A control plane of a later version: it speaks that and the two before it. */
const later = (min: number, max: number): SpokenProtocol => ({ versions: { min, max }, published: manifestOf });

function operationOf(version: number, name: 'Instructions' | 'Publish'): string {
  const [hash] = Object.entries(manifestOf(version)).find(([, text]) => text.includes(` ${name}`)) ?? [];
  return `sha256:${hash}`;
}

let harness: GatewayHarness;
let workspace: SeededWorkspace;
let third: Replica;
let sixth: Replica;
const links: LinkHarness[] = [];

beforeAll(async () => {
  harness = await GatewayHarness.start();
  workspace = await harness.workspace();
  third = await harness.replica({ protocol: later(1, 3) });
  sixth = await harness.replica({ protocol: later(4, 6) });
});
afterEach(async () => {
  for (const link of links.splice(0)) await link.stop();
});
afterAll(() => harness.stop());

/** The real agent's link, speaking only some versions. */
async function linkTo(replica: Replica, versions: VersionRange): Promise<LinkHarness> {
  const controlPlane = {
    url: AUDIENCE,
    generation: 1,
    keys: { pin: harness.rootFingerprint, keyset: () => harness.keyset() },
    addAgent: (publicKey: string) => harness.enrolled(workspace, publicKey),
  };
  const link = await LinkHarness.start(controlPlane, { url: replica.url, versions });
  links.push(link);
  return link;
}

describe('a control plane of version 3', () => {
  it.each([
    ['of its own version', { min: 1, max: 3 }, 3],
    ['one version older', { min: 1, max: 2 }, 2],
    ['two versions older', { min: 1, max: 1 }, 1],
    ['newer, which speaks the two before its own', { min: 2, max: 4 }, 3],
  ])('is joined by an agent %s', async (_which, versions, spoken) => {
    const link = await linkTo(third, versions);
    await link.reached('ONLINE');
    expect(link.link.status()).toMatchObject({ protocolVersion: spoken, advice: null });
    expect(await harness.session(link.identity.serverId)).toMatchObject({ protocolVersion: spoken });
  });

  it.each([1, 2, 3])('serves the operations that version %i published', async (version) => {
    const agent = await harness.identity(workspace);
    const { client } = await harness.connect(agent, { replica: third, versions: { min: version, max: version } });
    const { id: commandId } = await harness.queue(await harness.member(workspace), agent, third);
    client.subscribe(operationOf(version, 'Instructions'));
    expect(await client.instruction()).toMatchObject({ deliveryId: commandId });
    const frames = [{ received: { commandId } }, harness.result(agent, await harness.command(commandId))];
    const id = client.subscribe(operationOf(version, 'Publish'), { frames });
    const answer = await client.next((message) => message.id === id && message.type === 'next');
    expect(answer?.payload.data.publish.refused).toEqual([]);
    expect(await harness.command(commandId)).toMatchObject({ state: 'SUCCEEDED' });
  });

  it('does not serve what a version published that it has left behind, or does not know yet', async () => {
    for (const [replica, version, versions] of [
      [sixth, 1, { min: 4, max: 6 }],
      [third, 4, { min: 1, max: 3 }],
    ] as const) {
      const { client } = await harness.connect(await harness.identity(workspace), { replica, versions });
      client.subscribe(operationOf(version, 'Instructions'));
      expect((await client.closed).code).toBe(CLOSE_CODES.UNKNOWN_OPERATION.code);
    }
  });

  it('sends away an agent that is too new, which tries again until the control plane is updated', async () => {
    const link = await linkTo(third, { min: 4, max: 6 });
    await link.reached('BACKING_OFF');
    expect(await link.failure()).toBe('No protocol version in common: update the control plane');
    await link.reachedAgain('CONNECTING');
  });
});

describe('a control plane of version 6', () => {
  it('sends away an agent that is too old, which says that it needs a newer one, and waits', async () => {
    const link = await linkTo(sixth, { min: 1, max: 3 });
    await link.reached('PAUSED');
    expect(await link.failure()).toBe('No protocol version in common: update the agent');
    expect(link.link.status().advice).toBe('Install a newer agent');
  });
});

it('a control plane cannot be one that does not serve what it published', async () => {
  const text = 'mutation Publish($frames: [AgentFrameInput!]!) { handOver(frames: $frames) }';
  const protocol: SpokenProtocol = {
    versions: { min: 1, max: 2 },
    published: (version) => (version === 2 ? { [sha256Hex(text)]: text } : FIRST),
  };
  const schema = await describeAgentSchema();
  expect(() => loadPublishedOperations(schema, protocol)).toThrow(
    'An operation of agent protocol 2 does not fit the schema: Cannot query field "handOver"',
  );
});
