import type { AgentFrame } from '@pilothouse/protocol';

/** A frame with its place in what an agent published. */
export interface IndexedFrame {
  index: number;
  frame: AgentFrame;
}

/** A frame that the agent must not send again. */
export interface FrameRefusal {
  index: number;
  code: string;
  message: string;
}
