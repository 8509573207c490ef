import { loadavg, cpus } from 'node:os';
import { performance } from 'node:perf_hooks';

/** The value that `share` of all values do not exceed; nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new Error('Nothing was measured');
  return value;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export function printTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
  console.log([line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n'));
}

/** What else the machine was doing: figures from a busy one say little. */
export function printMachine(loadAtStart?: number): void {
  const [atEnd = 0] = loadavg();
  const before = loadAtStart === undefined ? '' : `${loadAtStart.toFixed(1)} at the start, `;
  console.log(`\nNode ${process.versions.node}, ${cpus().length} cores, load ${before}${atEnd.toFixed(1)} at the end.`);
}

export const thousands = (value: number): string => Math.round(value).toLocaleString('en-GB');
export const tenths = (value: number): string => value.toFixed(1);
export const mebibytes = (bytes: number): number => bytes / 2 ** 20;

/** The rise of `y` with `x` that fits the points best, by least squares. */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const variance = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (variance === 0) throw new Error('A slope needs two points');
  return covariance / variance;
}
