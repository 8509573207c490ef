import { afterAll, beforeAll } from 'vitest';
import { PASSWORD, TestApi } from '../../testing/index.js';
import { CliHarness } from './cli-harness.js';
import { TestHost } from './test-host.js';

export interface CliScene {
  api: TestApi;
  /** Signed in as the owner. */
  cli: CliHarness;
  /** The server web-1, with its real agent. */
  host: TestHost;
}

/** For all tests of a file: an API that is set up, the operator program and one host. Filled in before the first test. */
export function useCliScene(): CliScene {
  const scene = {} as CliScene;
  beforeAll(async () => {
    scene.api = await TestApi.start();
    await scene.api.setUp();
    scene.cli = await CliHarness.make({ PILOTHOUSE_URL: scene.api.origin });
    await scene.cli.json(['login', '--email', 'owner@example.test', '--password-stdin'], PASSWORD);
    scene.host = await TestHost.enrol(scene.cli, 'web-1', { url: scene.api.origin, password: PASSWORD });
  });
  afterAll(async () => {
    await scene.host?.remove();
    await scene.cli?.remove();
    await scene.api?.stop();
  });
  return scene;
}
