import { expect, it } from 'vitest';
import { shortIds } from './short-ids.js';

it('shortens ids to what holds their time, and further only where they are still apart', () => {
  const [a, b, c] = ['019a1b2c-0000-7000-8000-1', '019a1b2c-0000-7010-8000-2', '019a1b2d-0000-7000-8000-3'] as const;
  expect(shortIds([a, c])(a)).toBe('019a1b2c-0000');
  expect(shortIds([a, b, c])(b)).toBe('019a1b2c-0000-701');
  expect(shortIds([a, a])(a)).toBe('019a1b2c-0000');
});
