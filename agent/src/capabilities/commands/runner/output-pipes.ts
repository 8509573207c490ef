import { execFileSync } from 'node:child_process';
import { closeSync, constants, fchownSync, openSync, readSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { StreamName } from '../spool/spool-format.js';

const CHUNK_BYTES = 64 * 1024;
/** A pipe holds at most this much unless a privileged process raised the system's limit (pipe(7), pipe-max-size). */
const MAX_PIPE_BYTES = 1024 * 1024;

/**
 * Where a command writes: two real FIFOs, so that `echo oops >/dev/stderr` works in scripts, which it does not on the
 * socket pairs that Node gives by default. Their names are gone as soon as they are open.
 */
export interface OutputPipes {
  stdout: PipeEnds;
  stderr: PipeEnds;
}

interface PipeEnds {
  readEnd: number;
  writeEnd: number;
}

/**
 * Pipes for one command after the other, made for `atOnce` commands at a time: a program is started to make them, which
 * takes longer than all else that a short command needs of its runner.
 */
export function* makeOutputPipes(directory: string, atOnce: number): Generator<OutputPipes, never> {
  const paths = Array.from({ length: atOnce }, (_, index) => join(directory, `.pipe-${process.pid}-${index}`));
  for (;;) {
    const names = paths.flatMap((path) => [`${path}-out`, `${path}-err`]);
    execFileSync('mkfifo', ['-m', '600', '--', ...names], { stdio: 'ignore' });
    yield* paths.map((path) => ({ stdout: openPipe(`${path}-out`), stderr: openPipe(`${path}-err`) }));
  }
}

function openPipe(path: string): PipeEnds {
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeEnd = openSync(path, constants.O_WRONLY);
  unlinkSync(path);
  return { readEnd, writeEnd };
}

/** Lets another user open `/dev/stdout` and `/dev/stderr` by name. */
export function givePipesTo(pipes: OutputPipes, uid: number, gid: number): void {
  for (const { writeEnd } of [pipes.stdout, pipes.stderr]) fchownSync(writeEnd, uid, gid);
}

export function closeWriteEnds(pipes: OutputPipes): void {
  closeSync(pipes.stdout.writeEnd);
  closeSync(pipes.stderr.writeEnd);
}

/** Hands over everything that comes out of one pipe, through one buffer that is used again and again. */
export class PipeReader {
  /** Resolves when no process has the pipe open any more. */
  readonly ended: Promise<void>;
  private readonly socket: Socket;
  private readonly buffer = Buffer.allocUnsafe(CHUNK_BYTES);

  constructor(
    private readonly descriptor: number,
    private readonly stream: StreamName,
    private readonly take: (stream: StreamName, bytes: Buffer) => void,
  ) {
    const onread = {
      buffer: this.buffer,
      callback: (bytesRead: number) => {
        take(stream, this.buffer.subarray(0, bytesRead));
        return true;
      },
    };
    const options = { fd: descriptor, readable: true, writable: false, onread };
    this.socket = new Socket(options);
    this.ended = new Promise((resolve) => this.socket.once('close', () => resolve()));
    this.socket.resume();
  }

  /**
   * Stops, after taking what is in the pipe at this moment: all that was written before belongs to the command, even
   * when a process it left behind keeps the pipe open.
   */
  stop(): void {
    if (this.socket.destroyed) return;
    this.socket.pause();
    for (let taken = 0; taken < MAX_PIPE_BYTES;) {
      const bytesRead = this.readNow();
      if (bytesRead === 0) break;
      this.take(this.stream, this.buffer.subarray(0, bytesRead));
      taken += bytesRead;
    }
    this.socket.destroy();
  }

  private readNow(): number {
    try {
      return readSync(this.descriptor, this.buffer);
    } catch {
      // EAGAIN: the pipe is empty.
      return 0;
    }
  }
}
