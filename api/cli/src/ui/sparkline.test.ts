import { expect, it } from 'vitest';
import { sparkline } from './sparkline.js';

it('draws from the floor to the ceiling, with a gap where nothing was measured', () => {
  expect(sparkline([0, 50, null, 100], { floor: 0, ceiling: 100 })).toBe('▁▅ █');
});

it('draws to the highest value without a ceiling, and nothing but floor for zeros', () => {
  expect(sparkline([1, 2], { floor: 0 })).toBe('▅█');
  expect(sparkline([0, 0], { floor: 0 })).toBe('▁▁');
});
