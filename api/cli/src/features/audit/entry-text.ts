const LONGEST_HEXADECIMAL = 12;

/** An entry's detail, which is JSON, as people read it: `tags web, blue; before none`. */
export function detailText(detail: string, { without = [] }: { without?: readonly string[] } = {}): string {
  const fields = fieldsOf(detail);
  if (!fields) return detail;
  return Object.entries(fields)
    .filter(([name]) => !without.includes(name))
    .map(([name, value]) => `${wordsOf(name)} ${valueText(value)}`)
    .join('; ');
}

/** The name that a detail tells of its target. */
export function nameIn(detail: string): string | null {
  const name = fieldsOf(detail)?.name;
  return typeof name === 'string' ? name : null;
}

function fieldsOf(detail: string): Record<string, unknown> | null {
  try {
    const fields: unknown = JSON.parse(detail);
    return typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? { ...fields } : null;
  } catch {
    // Not JSON: it is shown as it is.
    return null;
  }
}

function valueText(value: unknown): string {
  if (value === null || value === '') return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join(', ');
  if (typeof value === 'object') {
    const inner = Object.entries(value).map(([name, each]) => `${wordsOf(name)} ${valueText(each)}`);
    return `(${inner.join(', ')})`;
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const isDigest = /^[0-9a-f]{32,}$/.test(text);
  return isDigest ? `${text.slice(0, LONGEST_HEXADECIMAL)}…` : text;
}

function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
