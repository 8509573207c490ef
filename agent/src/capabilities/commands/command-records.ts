import { z } from 'zod';

const id = z.uuid();
const forgetAtMs = z.number();

const startedInfo = z.object({
  startedAt: z.string(),
  bootId: z.string(),
  unit: z.string().nullable(),
  attempt: z.int().min(1),
});
/** One attempt at running a command, as journaled before it begins. */
export type StartedInfo = z.infer<typeof startedInfo>;

/** What the agent writes down about commands, each before it acts or speaks upon it. */
export const commandRecordSchema = z.discriminatedUnion('type', [
  /** `envelope`: base64 of the verified bytes. */
  z.object({ type: z.literal('received'), id, forgetAtMs, envelope: z.string() }),
  z.object({ type: z.literal('started'), id, ...startedInfo.shape }),
  /** The exact bytes of its result, base64. They are signed when they are sent. */
  z.object({ type: z.literal('done'), id, forgetAtMs, statement: z.string() }),
  /** The control plane has the result. */
  z.object({ type: z.literal('reported'), id }),
  z.object({ type: z.literal('cancel'), id, forgetAtMs, commandId: id }),
]);
export type CommandRecord = z.infer<typeof commandRecordSchema>;
export type DoneRecord = Extract<CommandRecord, { type: 'done' }>;
