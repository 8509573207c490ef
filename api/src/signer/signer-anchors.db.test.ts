import { seedWorkspace } from '@pilothouse/db/testing';
import { verifyAnchor } from '@pilothouse/protocol';
import { v7 as uuidv7 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalOf, SignerScene, type SignerAdapter } from './testing/signer.scene.js';

describe.each<SignerAdapter>(['in this process', 'over its socket'])('a signer %s', (adapter) => {
  let scene: SignerScene;
  beforeAll(async () => void (scene = await SignerScene.start(adapter)));
  afterAll(() => scene.stop());

  describe('an anchor', () => {
    it('is signed, on record and verifiable', async () => {
      const place = await scene.entry();
      const anchor = await scene.signer.signAnchor(place);
      expect(verifyAnchor(anchor, [scene.key])).toBe(true);
      expect((await scene.logged()).at(-1)).toMatchObject({
        what: 'anchor',
        auditSequence: place.sequence,
        auditHash: place.hash,
      });
    });

    it('is signed for an entry that others have followed, or that ends a chain whose entries retention removed', async () => {
      const workspace = await seedWorkspace(scene.harness.db);
      const first = await scene.entry(workspace);
      const last = await scene.entry(workspace);
      expect(await refusalOf(scene.signer.signAnchor(first))).toBeNull();
      await scene.harness.sql('delete from audit_entries where chain = $1', [workspace.workspaceId]);
      expect(await refusalOf(scene.signer.signAnchor(last))).toBeNull();
      expect(await refusalOf(scene.signer.signAnchor(first))).toBe('AUDIT_MISMATCH');
    });

    it.each([
      ['an entry that there is not yet', { sequence: 1_000_000 }],
      ['an entry with another hash', { hash: 'ab'.repeat(32) }],
      ['a chain that there is not', { workspaceId: uuidv7() }],
    ])('is not signed for %s, and leaves no trace', async (_what, other) => {
      const place = await scene.entry();
      const before = (await scene.logged()).length;
      expect(await refusalOf(scene.signer.signAnchor({ ...place, ...other }))).toBe('AUDIT_MISMATCH');
      expect(await scene.logged()).toHaveLength(before);
    });

    it('is not signed for the entry of another workspace', async () => {
      const other = await scene.entry(await seedWorkspace(scene.harness.db));
      const { workspaceId } = await scene.entry();
      expect(await refusalOf(scene.signer.signAnchor({ ...other, workspaceId }))).toBe('AUDIT_MISMATCH');
    });

    it('is signed ten times a minute for one chain, not eleven, and others go on', async () => {
      const place = await scene.entry(await seedWorkspace(scene.harness.db));
      for (let count = 0; count < 10; count += 1) expect(await refusalOf(scene.signer.signAnchor(place))).toBeNull();
      expect(await refusalOf(scene.signer.signAnchor(place))).toBe('TOO_MANY');
      const other = await scene.entry(await seedWorkspace(scene.harness.db));
      expect(await refusalOf(scene.signer.signAnchor(other))).toBeNull();
    });
  });
});
