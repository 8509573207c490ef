import { frameBody, frameKindOf, type AgentFrame, type FrameBody, type FrameKind } from '@pilothouse/protocol';
import type { IndexedFrame } from '../../kernel/published-frame.js';
import { isStorable } from '../../kernel/storable-text.js';
import type { CommandFrameKind } from '../commands/index.js';
import { PRICES_MS } from './publish-prices.js';

/** What a host says of itself. */
const HOST_KINDS = ['facts', 'health'] as const;
export type HostFrameKind = (typeof HOST_KINDS)[number];

export function isHostFrame(frame: AgentFrame): boolean {
  return (HOST_KINDS as readonly FrameKind[]).includes(frameKindOf(frame));
}

/** The kinds that each keeper of `PublishService` takes in. */
interface KindsOfKeeper {
  TELEMETRY: 'telemetry';
  KEY: 'keyRotation';
  /** Kept in one transaction that holds the connection's epoch. */
  REPORTS: CommandFrameKind | HostFrameKind;
}
export type FrameKeeper = keyof KindsOfKeeper;

type KeeperOf<Kind extends FrameKind> = {
  [Keeper in FrameKeeper]: Kind extends KindsOfKeeper[Keeper] ? Keeper : never;
}[FrameKeeper];

interface FrameRule<Kind extends FrameKind> {
  keeper: KeeperOf<Kind>;
  /** Of several in one publish only the last one counts. */
  lastCounts: boolean;
  /** Whether it must hold no text that PostgreSQL cannot store. */
  judgesTexts: boolean;
  priceMs(body: FrameBody<Kind>): number;
  /** The command or instruction that it names in the open; null where there is none. */
  deliveryId(body: FrameBody<Kind>): string | null;
}

const PLAIN = { lastCounts: false, judgesTexts: true, priceMs: () => PRICES_MS.frame, deliveryId: () => null };
const LAST_COUNTS = { ...PLAIN, lastCounts: true };
const OF_DELIVERY = { ...PLAIN, deliveryId: ({ commandId }: { commandId: string }) => commandId };

/** How each kind of frame is taken in: one that is not here, or that no keeper takes, does not compile. */
const FRAME_KINDS: { readonly [Kind in FrameKind]: FrameRule<Kind> } = {
  received: { ...OF_DELIVERY, keeper: 'REPORTS' },
  started: { ...OF_DELIVERY, keeper: 'REPORTS' },
  refused: { ...OF_DELIVERY, keeper: 'REPORTS' },
  // Names its command under its signature.
  result: { ...PLAIN, keeper: 'REPORTS' },
  output: {
    ...OF_DELIVERY,
    keeper: 'REPORTS',
    // The bytes are base64.
    judgesTexts: false,
    priceMs: ({ data }) => PRICES_MS.frame / 2 + (data.length / 1024) * PRICES_MS.outputKib,
  },
  outputGap: { ...OF_DELIVERY, keeper: 'REPORTS' },
  facts: { ...LAST_COUNTS, keeper: 'REPORTS' },
  health: { ...LAST_COUNTS, keeper: 'REPORTS' },
  keyRotation: { ...LAST_COUNTS, keeper: 'KEY' },
  telemetry: {
    ...PLAIN,
    keeper: 'TELEMETRY',
    // The store of samples judges names for itself.
    judgesTexts: false,
    priceMs: ({ samples, parts }) => PRICES_MS.frame + (samples.length + parts.length) * PRICES_MS.row,
  },
};

/** A frame with the rule of its kind. */
function ruled(frame: AgentFrame): { rule: FrameRule<FrameKind>; kind: FrameKind; body: FrameBody<FrameKind> } {
  const kind = frameKindOf(frame);
  return { rule: FRAME_KINDS[kind], kind, body: frameBody(frame, kind) as FrameBody<FrameKind> };
}

/** The price of frames that are well formed, whatever becomes of them. */
export function priceOf(frames: readonly AgentFrame[]): number {
  const seen = new Set<FrameKind>();
  return frames.reduce((sum, frame) => {
    const { rule, kind, body } = ruled(frame);
    const isVoid = rule.lastCounts && seen.has(kind);
    seen.add(kind);
    return sum + rule.priceMs(body) + (isVoid ? PRICES_MS.voidReport : 0);
  }, 0);
}

export function hasStorableTexts(frame: AgentFrame): boolean {
  return !ruled(frame).rule.judgesTexts || isStorable(frame);
}

/** The command or instruction that a frame names; a result names its own under a signature. */
export function deliveryIdOf(frame: AgentFrame): string | null {
  const { rule, body } = ruled(frame);
  return rule.deliveryId(body);
}

/** The frames of each keeper that has any, in their order. */
export function sortByKeeper(frames: readonly IndexedFrame[]): Map<FrameKeeper, IndexedFrame[]> {
  const sorted = new Map<FrameKeeper, IndexedFrame[]>();
  for (const indexed of frames) {
    const { keeper } = ruled(indexed.frame).rule;
    const own = sorted.get(keeper);
    if (own) own.push(indexed);
    else sorted.set(keeper, [indexed]);
  }
  return sorted;
}
