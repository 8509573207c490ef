import { expect, test } from 'vitest';
import { extensionState } from './driver.detection.js';

const facts = {
  serverVersion: 180_004,
  available: '2.29.2',
  preloaded: true,
  installed: '2.29.2',
  licence: 'timescale',
};

test('tells a server without the extension, one that does not load it, a database without it, an Apache build and the community build', () => {
  expect(extensionState({ ...facts, available: null, preloaded: false, installed: null, licence: null })).toBe('NONE');
  expect(extensionState({ ...facts, preloaded: false, licence: null })).toBe('NOT_PRELOADED');
  expect(extensionState({ ...facts, installed: null, licence: null })).toBe('NOT_CREATED');
  expect(extensionState({ ...facts, licence: 'apache' })).toBe('APACHE');
  expect(extensionState(facts)).toBe('COMMUNITY');
});

test('takes a licence it cannot read for the lesser one', () => {
  expect(extensionState({ ...facts, licence: null })).toBe('APACHE');
});
