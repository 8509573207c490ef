import { expect, test } from 'vitest';
import { writePrometheusText } from './prometheus-text.js';

test('writes a figure with its help, type and values', () => {
  const values = [{ labels: { state: 'QUEUED' }, value: 3 }, { value: 0.25 }];
  expect(writePrometheusText([{ name: 'commands', help: 'How many.', values }])).toBe(
    '# HELP commands How many.\n# TYPE commands gauge\ncommands{state="QUEUED"} 3\ncommands 0.25\n',
  );
});

test('keeps what a label says within its quotes', () => {
  const [hostile] = [{ labels: { name: 'a"b\\c\nd' }, value: 1 }];
  expect(writePrometheusText([{ name: 'x', help: '', values: [hostile] }])).toContain('x{name="a\\"b\\\\c\\nd"} 1\n');
});
