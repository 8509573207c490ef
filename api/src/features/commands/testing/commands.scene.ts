import type { CommandEntity } from '@pilothouse/db';
import type { SeededWorkspace } from '@pilothouse/db/testing';
import { afterAll, beforeAll } from 'vitest';
import type { WorkspaceContext } from '../../../kernel/request-context.js';
import { CommandsHarness, type PlayedServer } from './commands.harness.js';

/** A workspace with a member and a server whose agent the test plays. */
export interface CommandsScene {
  harness: CommandsHarness;
  workspace: SeededWorkspace;
  server: PlayedServer;
  ctx: WorkspaceContext;
  /** A real, signed command whose row is copied. */
  model: CommandEntity;
}

/** The scene of a test file: there from its first test to its last. */
export function useCommandsScene(): CommandsScene {
  const scene = {} as CommandsScene;
  beforeAll(async () => {
    const harness = await CommandsHarness.start();
    const workspace = await harness.workspace();
    const server = await harness.server(workspace);
    const ctx = await harness.member(workspace);
    const model = await harness.row((await harness.queue(ctx, server)).id);
    Object.assign(scene, { harness, workspace, server, ctx, model });
  });
  afterAll(() => scene.harness?.stop());
  return scene;
}
