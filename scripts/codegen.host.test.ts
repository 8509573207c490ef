import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { binPath } from './lib/run.mjs';
import { root } from './lib/root.mjs';

const execFileAsync = promisify(execFile);
const publish = 'mutation Publish($frames: [String!]!) { publish(frames: $frames) }';
const agentSchema = `
  type Query { keyset: String }
  type Mutation { publish(frames: [String!]!): Int!  beat: Int! }`;
const userSchema = `
  scalar DateTime
  type Query { server(id: ID!): Server }
  type Server { id: ID!  seenAt: DateTime! }`;

/** A small clone whose "compiled api" emits two schemas from texts that a test can change. */
const files = {
  'node_modules/.bin/tsc': '#!/usr/bin/env node\n',
  'schemas/api.graphql': userSchema,
  'schemas/agent.graphql': agentSchema,
  'api/dist/main/emit-schemas.js': `
    import { cpSync } from 'node:fs';
    cpSync('schemas/api.graphql', 'api/schema.graphql');
    cpSync('schemas/agent.graphql', 'agent/protocol/agent.graphql');`,
  'package.json': '{ "type": "module" }',
  'agent/protocol/dist/version.js': 'export const PROTOCOL_VERSION = 1;',
  'agent/protocol/operations/publish.graphql': publish,
  'agent/src/use.ts': `
    import { PublishOperation, type PublishedOperation } from './link/operations.generated.js';
    const send = <R, V>(operation: PublishedOperation<R, V>, variables: V): R => JSON.parse(operation.hash + String(variables));
    export const count: number = send(PublishOperation, { frames: ['a'] }).publish;`,
  'api/cli/src/servers.ts': `
    import { graphql } from './gql/index.js';
    import type { ResultOf } from '@graphql-typed-document-node/core';
    export const document = graphql(\`query Server($id: ID!) { server(id: $id) { seenAt } }\`);
    export const seenAt = (result: ResultOf<typeof document>): string | undefined => result.server?.seenAt;`,
  'dashboard/src/page.tsx': 'export {};',
  'tsconfig.json': JSON.stringify({
    compilerOptions: {
      module: 'nodenext',
      target: 'es2022',
      strict: true,
      noEmit: true,
      types: [],
      skipLibCheck: true,
    },
    include: ['agent/src', 'api/cli/src'],
  }),
};

let clone: string;

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'pilothouse-codegen-'));
  for (const [path, content] of Object.entries(files)) write(path, content);
  chmodSync(join(clone, 'node_modules/.bin/tsc'), 0o755);
  for (const name of ['@graphql-codegen', '@graphql-typed-document-node', 'graphql', '.bin/graphql-codegen']) {
    symlinkSync(join(root, 'node_modules', name), join(clone, 'node_modules', name));
  }
  cpSync(join(root, 'scripts'), join(clone, 'scripts'), { recursive: true });
  cpSync(join(root, 'codegen.yml'), join(clone, 'codegen.yml'));
});

afterEach(() => rmSync(clone, { recursive: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true });
  writeFileSync(join(clone, path), content);
}

const codegen = () => execFileAsync(process.execPath, ['scripts/codegen.mjs'], { cwd: clone });

const call = (module: string, expression: string) => {
  const code = `const m = await import('./scripts/lib/${module}.mjs'); await m.${expression};`;
  return execFileAsync(process.execPath, ['--input-type=module', '--eval', code], { cwd: clone });
};

const updateManifests = (rewrite = false) => call('manifest', `updateManifests({ rewrite: ${rewrite} })`);

function manifest(version = 1): string[] {
  return Object.values(JSON.parse(readFileSync(join(clone, `agent/protocol/operations/${version}.json`), 'utf8')));
}

async function commit(): Promise<void> {
  const git = (...args: string[]) => execFileAsync('git', ['-C', clone, ...args]);
  await git('init', '--quiet');
  await git('add', '--', 'agent/protocol/operations');
  await git('-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '--message', 'Release');
}

describe('npm run codegen', () => {
  test('makes operations for agent and CLI that compile with the types of their schemas', async () => {
    await codegen();
    await execFileAsync(process.execPath, [binPath('tsc'), '-p', clone]);

    write('agent/src/use.ts', files['agent/src/use.ts'].replace('frames:', 'frame:'));
    await expect(execFileAsync(process.execPath, [binPath('tsc'), '-p', clone])).rejects.toMatchObject({
      stdout: expect.stringContaining("'frame' does not exist in type"),
    });
  });

  test('the check passes on what was generated and fails once a schema has moved on', async () => {
    await codegen();
    await call('generated', 'checkGenerated()');
    write('schemas/api.graphql', `${userSchema} extend type Server { name: String }`);
    await expect(call('generated', 'checkGenerated()')).rejects.toThrow('commit them: api/schema.graphql');
  });
});

describe('the manifest of operations', () => {
  beforeEach(async () => {
    write('agent/protocol/agent.graphql', agentSchema);
    await updateManifests();
    await commit();
  });

  test('grows by new operations and refuses to change a committed one', async () => {
    write('agent/protocol/operations/beat.graphql', 'mutation Beat { beat }');
    await updateManifests();
    expect(manifest()).toHaveLength(2);

    write('agent/protocol/operations/publish.graphql', publish.replace('{ publish', '{ beat publish'));
    await expect(updateManifests()).rejects.toThrow(
      /is released and may neither change nor disappear[^]*PROTOCOL_VERSION/,
    );
    await updateManifests(true);
    expect(manifest()).toHaveLength(2);
  });

  test('starts anew with a protocol version and leaves the older one alone', async () => {
    write('agent/protocol/dist/version.js', 'export const PROTOCOL_VERSION = 2;');
    write('agent/protocol/operations/publish.graphql', 'mutation Beat { beat }');
    await updateManifests();
    expect(manifest(1)).toEqual([expect.stringContaining('mutation Publish')]);
    expect(manifest(2)).toEqual([expect.stringContaining('mutation Beat')]);

    write('agent/protocol/operations/1.json', '{}');
    await expect(updateManifests()).rejects.toThrow(/operations\/1\.json:\n.*is released/);
  });

  test("is refused when today's schema cannot answer an older version's operation", async () => {
    write('agent/protocol/dist/version.js', 'export const PROTOCOL_VERSION = 2;');
    write('agent/protocol/operations/publish.graphql', 'mutation Beat { beat }');
    write('agent/protocol/agent.graphql', agentSchema.replace('publish(frames: [String!]!): Int!', ''));
    await expect(updateManifests()).rejects.toThrow(/operations\/1\.json:\n.*Cannot query field "publish"/);
  });
});
