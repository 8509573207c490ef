import { z } from 'zod';

/** JSON from UTF-8 bytes; undefined when they are not UTF-8 or not JSON. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The caller's schema refuses undefined.
    return undefined;
  }
}

/**
 * A list of what a peer sends. Its first wrong item ends the check: thousands of wrong ones in a small message would
 * otherwise cost as many errors as they have fields, and seconds of everybody's time.
 */
export function listOf<Item extends z.ZodType>(item: Item, maxItems: number) {
  return z
    .array(z.unknown())
    .max(maxItems)
    .transform((values, context): z.output<Item>[] => {
      const items: z.output<Item>[] = [];
      for (const [index, value] of values.entries()) {
        const parsed = item.safeParse(value);
        if (!parsed.success) {
          context.addIssue({ code: 'custom', path: [index], message: parsed.error.issues[0]?.message });
          return z.NEVER;
        }
        items.push(parsed.data);
      }
      return items;
    });
}
