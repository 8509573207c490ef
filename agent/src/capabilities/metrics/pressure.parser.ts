/**
 * Share of the last 10 s in which some task waited, from a file of /proc/pressure; null where the kernel keeps no such
 * account (before 4.20, or switched off).
 */
export function parsePressure(text: string | null): number | null {
  const match = /^some avg10=([\d.]+)/m.exec(text ?? '');
  return match ? Math.min(100, Number(match[1])) : null;
}
