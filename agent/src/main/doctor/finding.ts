/** What one check of `doctor` found: a sentence, and when it failed, what to do. */
export interface Finding {
  name: string;
  ok: boolean;
  message: string;
  advice: string | null;
}

export function good(name: string, message: string): Finding {
  return { name, ok: true, message, advice: null };
}

export function bad(name: string, message: string, advice: string): Finding {
  return { name, ok: false, message, advice };
}
