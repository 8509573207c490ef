import { expect, test } from 'vitest';
import { PasswordHasher } from './password.hasher.js';

const hasher = new PasswordHasher();

test('hashes with argon2id at 19 MiB, two passes and one lane, differently each time', async () => {
  const [one, two] = await Promise.all([hasher.hash('a password'), hasher.hash('a password')]);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(one).not.toBe(two);
});

test('knows the password again and no other', async () => {
  const stored = await hasher.hash('a password');
  expect(await hasher.verify(stored, 'a password')).toBe(true);
  expect(await hasher.verify(stored, 'A password')).toBe(false);
});

test('says no for nobody, after the same work', async () => {
  const stored = await hasher.hash('a password');
  await hasher.verify(null, 'warm up');
  const timed = async (hash: string | null) => {
    const from = process.cpuUsage();
    for (let n = 0; n < 3; n += 1) expect(await hasher.verify(hash, 'another')).toBe(false);
    const { user, system } = process.cpuUsage(from);
    return user + system;
  };
  const [known, unknown] = [await timed(stored), await timed(null)];
  expect(unknown).toBeGreaterThan(known / 4);
});

test('computes so many at once and lets so many wait; one more is refused, and room comes back', async () => {
  const small = new PasswordHasher({ inFlight: 1, waiting: 2 });
  const stored = await small.hash('a password');
  const three = [1, 2, 3].map(() => small.verify(stored, 'a password'));
  await expect(small.verify(stored, 'a password')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(await Promise.all(three)).toEqual([true, true, true]);
  expect(await small.verify(stored, 'a password')).toBe(true);
});

test('a hash that cannot be read gives its turn back', async () => {
  const small = new PasswordHasher({ inFlight: 1, waiting: 0 });
  await expect(small.verify('none', 'a password')).rejects.toThrow(/decoding failed/i);
  expect(await small.verify(null, 'a password')).toBe(false);
});
