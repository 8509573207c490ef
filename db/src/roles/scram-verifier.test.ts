import { expect, test } from 'vitest';
import { scramVerifier, verifies } from './scram-verifier.js';

test('makes the verifier that the RFC’s example password and salt have in PostgreSQL', async () => {
  const verifier = await scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096);
  expect(verifier).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  );
});

test('recognises a password by its verifier, and no other password', async () => {
  const verifier = await scramVerifier('right');
  expect(await verifies('right', verifier)).toBe(true);
  expect(await verifies('wrong', verifier)).toBe(false);
});

test.each([null, '', 'md5a4ea6a2a4d4a6a8f', 'SCRAM-SHA-256$4096'])('recognises nothing by %j', async (stored) => {
  expect(await verifies('right', stored)).toBe(false);
});
