import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lexicographicSortSchema, printSchema, type GraphQLSchema } from 'graphql';
import { describeSchemas } from './composition/schemas.js';

/** Writes both schemas as the resolvers define them, below the clone's root (the working directory). */
async function main(): Promise<void> {
  const { user, agent } = await describeSchemas();
  await write('api/schema.graphql', user);
  await write('agent/protocol/agent.graphql', agent);
}

async function write(path: string, schema: GraphQLSchema): Promise<void> {
  const head = '# Generated from the resolvers by npm run codegen. Do not edit.\n\n';
  await writeFile(join(process.cwd(), path), `${head}${printSchema(lexicographicSortSchema(schema))}\n`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
