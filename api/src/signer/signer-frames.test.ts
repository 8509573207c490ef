import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader, writeFrame } from './signer-frames.js';

const MAX_BYTES = 1000;

/** What a reader puts together when a stream is cut at the given places. */
function readInPieces(stream: Buffer, cuts: readonly number[]): string[] {
  const reader = new FrameReader(MAX_BYTES);
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)).toSorted((a, b) => a - b), stream.length];
  return places.slice(1).flatMap((end, index) => {
    return [...reader.read(stream.subarray(places[index], end))].map((frame) => frame.toString('hex'));
  });
}

test('messages come out as they went in, however the stream is cut', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)));
  fc.assert(
    fc.property(bodies, fc.array(fc.nat()), (written, cuts) => {
      const read = readInPieces(Buffer.concat(written.map(writeFrame)), cuts);
      expect(read).toEqual(written.map((body) => body.toString('hex')));
    }),
  );
});

test('a message may be as long as allowed and not a byte longer, and is refused by its announcement', () => {
  const longest = Buffer.alloc(MAX_BYTES, 'x');
  expect([...new FrameReader(MAX_BYTES).read(writeFrame(longest))]).toEqual([longest]);
  const announcement = writeFrame(Buffer.alloc(MAX_BYTES + 1)).subarray(0, 4);
  expect(() => [...new FrameReader(MAX_BYTES).read(announcement)]).toThrow('1001 bytes is longer than 1000');
});
