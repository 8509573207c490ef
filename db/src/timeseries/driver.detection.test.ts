import { expect, test } from 'vitest';
import { extensionState } from './driver.detection.js';

const facts = { serverVersion: 180_004, available: '2.29.2', preloaded: true, licence: 'timescale' };

test('tells a server without the extension, one that does not load it, an Apache build and the community build', () => {
  expect(extensionState({ ...facts, available: null, preloaded: false, licence: null })).toBe('NONE');
  expect(extensionState({ ...facts, preloaded: false, licence: null })).toBe('NOT_PRELOADED');
  expect(extensionState({ ...facts, licence: 'apache' })).toBe('APACHE');
  expect(extensionState(facts)).toBe('COMMUNITY');
});

test('takes a licence it cannot read for the lesser one', () => {
  expect(extensionState({ ...facts, licence: null })).toBe('APACHE');
});
