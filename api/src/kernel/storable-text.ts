/**
 * Whether PostgreSQL can store a value's texts, as text and as JSON: no NUL, no half of a surrogate pair. Looks into
 * arrays and objects, at values and names.
 */
export function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && !/\p{Surrogate}/u.test(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => isStorable(name) && isStorable(member));
}
