import { describe, expect, it } from 'vitest';
import { painter } from './style.js';
import { displayWidth, facts, table } from './table.js';

const plain = { paint: painter(false), width: null };

describe('a table', () => {
  const columns = [{ title: 'NAME' }, { title: 'EXIT', align: 'right' as const }, { title: 'REASON' }];

  it('aligns columns, numbers at the right, without blanks at the end of a line', () => {
    expect(
      table(
        columns,
        [
          ['web-1', '0', ''],
          ['a', '127', 'not found'],
        ],
        plain,
      ),
    ).toBe('NAME   EXIT  REASON\nweb-1     0\na       127  not found\n');
  });

  it('cuts the last column where the terminal ends, and nowhere else', () => {
    const rows = [['web-1', '0', 'a reason that is long']];
    expect(table(columns, rows, { ...plain, width: 34 })).toContain('web-1     0  a reason that is long\n');
    expect(table(columns, rows, { ...plain, width: 33 })).toContain('web-1     0  a reason that is lo…\n');
  });

  it('counts wide and combining characters as a terminal does', () => {
    expect(displayWidth('日本')).toBe(4);
    expect(displayWidth('e\u0301')).toBe(1);
  });

  it('makes escape sequences and reordering of a hostile name visible', () => {
    const text = table([{ title: 'NAME' }], [['a\u001b[2Jb\u202ec\n']], plain);
    expect(text).toBe('NAME\na\\u{1b}[2Jb\\u{202e}c\\n\n');
  });

  it('paints only where it is asked to', () => {
    const rows = [[{ text: 'failed', tone: 'bad' as const }]];
    expect(table([{ title: 'STATE' }], rows, { paint: painter(true), width: null })).toContain(
      '\u001b[31mfailed\u001b[39m',
    );
    expect(table([{ title: 'STATE' }], rows, plain)).toBe('STATE\nfailed\n');
  });
});

it('leaves facts out that have no value', () => {
  expect(
    facts(
      [
        ['name', 'web-1'],
        ['group', null],
        ['tags', ''],
      ],
      painter(false),
    ),
  ).toBe('name  web-1\n');
});
