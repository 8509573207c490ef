import { describe, expect, it } from 'vitest';
import { createLog, describeError, type LogLevel } from './log.js';

function logTo(level: LogLevel) {
  const lines: string[] = [];
  return { lines, log: createLog({ level, write: (line) => lines.push(line) }) };
}

describe('createLog', () => {
  it('writes time, level, message and fields in one line', () => {
    const { lines, log } = logTo('info');
    log.warn('Not connected', { reason: 'no route', attempts: 3, left: undefined, next: null });
    expect(lines).toEqual([
      expect.stringMatching(
        /^\d{4}-\d\d-\d\dT[\d:.]{12}Z warn {2}Not connected reason="no route" attempts=3 next=null\n$/,
      ),
    ]);
  });

  it('leaves out what is below its level', () => {
    const { lines, log } = logTo('warn');
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines).toHaveLength(2);
  });

  it.each(['two\nlines', 'escape \u001b[2J', 'csi \u009b2J', 'bidi \u202e', 'separator \u2028'])(
    'lets no hostile text move the cursor or forge a line: %j',
    (text) => {
      const { lines, log } = logTo('info');
      log.info(text, { reason: text });
      expect(lines.join('')).toMatch(/^[\x20-\x7e]*\n$/);
    },
  );
});

describe('describeError', () => {
  it('tells the cause too', () => {
    expect(describeError(new Error('not stored', { cause: new Error('ENOSPC') }))).toBe('not stored: ENOSPC');
  });

  it('tells every address that was tried', () => {
    expect(describeError(new AggregateError([new Error('refused ::1'), new Error('refused 127.0.0.1')]))).toBe(
      'refused ::1; refused 127.0.0.1',
    );
  });
});
