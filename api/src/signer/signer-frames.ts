const HEADER_BYTES = 4;

/** A message as it travels: its length in four bytes, most significant first, and its bytes. */
export function writeFrame(body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(body.length);
  return Buffer.concat([header, body]);
}

/** Puts messages together from what a stream gives, in pieces of any size. Keeps at most one frame and one piece. */
export class FrameReader {
  private pieces: Buffer[] = [];
  private sizeBytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** The messages that are whole with this piece. @throws when a longer one than allowed is announced */
  *read(piece: Buffer): Generator<Buffer, void> {
    this.pieces.push(piece);
    this.sizeBytes += piece.length;
    for (let length = this.announced(); length !== null && this.has(length); length = this.announced()) {
      const whole = this.joined();
      this.pieces = [whole.subarray(HEADER_BYTES + length)];
      this.sizeBytes = whole.length - HEADER_BYTES - length;
      yield whole.subarray(HEADER_BYTES, HEADER_BYTES + length);
    }
  }

  private has(length: number): boolean {
    return this.sizeBytes >= HEADER_BYTES + length;
  }

  private announced(): number | null {
    if (this.sizeBytes < HEADER_BYTES) return null;
    if ((this.pieces[0]?.length ?? 0) < HEADER_BYTES) this.pieces = [this.joined()];
    const length = this.pieces[0]?.readUInt32BE() ?? 0;
    if (length > this.maxBytes) throw new Error(`A message of ${length} bytes is longer than ${this.maxBytes}`);
    return length;
  }

  private joined(): Buffer {
    const [first] = this.pieces;
    return this.pieces.length === 1 && first ? first : Buffer.concat(this.pieces);
  }
}
