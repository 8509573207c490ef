import { sha256Hex, signResult, type AgentFrame, type CommandResult, type SigningKey } from '@pilothouse/protocol';
import type { FrameList } from './frame-list.js';

/** The part of an instruction that a simulated agent looks at. */
export interface ReceivedEnvelope {
  deliveryId: string;
  /** Base64. */
  bytes: string;
}

export interface CommandWriting {
  /** Bytes of one piece; each begins with the time it was written. */
  pieceBytes: number;
  pieces: number;
  everyMs: number;
}

export interface SimulatedHost {
  agentId: string;
  signingKey: SigningKey;
  bootId: string;
  control: FrameList;
  stream: FrameList;
}

/** Characters of a piece that tell its time. */
export const TIME_CHARACTERS = 13;

/** Goes through a command's life as an agent reports it, without starting anything. */
export async function pretendToRun(
  { deliveryId: commandId, bytes }: ReceivedEnvelope,
  host: SimulatedHost,
  writing: CommandWriting,
): Promise<void> {
  const startedAt = new Date();
  host.control.add(
    { received: { commandId } },
    { started: { commandId, startedAt: startedAt.toISOString(), bootId: host.bootId, unit: null } },
  );
  await write(commandId, host.stream, writing);
  const envelopeDigest = sha256Hex(Buffer.from(bytes, 'base64'));
  host.control.add(resultFrame(host, { commandId, envelopeDigest, startedAt, writing }));
}

async function write(
  commandId: string,
  stream: FrameList,
  { pieceBytes, pieces, everyMs }: CommandWriting,
): Promise<void> {
  const filling = 'x'.repeat(Math.max(0, pieceBytes - TIME_CHARACTERS));
  for (let seq = 1; seq <= pieces; seq += 1) {
    const data = Buffer.from(`${Date.now()}${filling}`).toString('base64');
    stream.add({ output: { commandId, seq, stream: 'STDOUT', offset: (seq - 1) * pieceBytes, data } });
    if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function resultFrame(
  { signingKey, agentId }: Pick<SimulatedHost, 'signingKey' | 'agentId'>,
  ended: { commandId: string; envelopeDigest: string; startedAt: Date; writing: CommandWriting },
): AgentFrame {
  const { commandId, envelopeDigest, startedAt, writing } = ended;
  const finishedAt = new Date();
  const result: CommandResult = {
    version: 1,
    commandId,
    envelopeDigest,
    state: 'SUCCEEDED',
    exitCode: 0,
    signal: null,
    reason: null,
    outcome: 'KNOWN',
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationMs: finishedAt.getTime() - startedAt.getTime(),
    lastOutputSeq: writing.pieces,
    stdout: { bytes: writing.pieces * writing.pieceBytes, sha256: null },
    stderr: { bytes: 0, sha256: sha256Hex('') },
  };
  const { bytes, signature } = signResult(signingKey, agentId, result);
  return { result: { statement: bytes.toString('base64'), signature: signature.toString('base64') } };
}
