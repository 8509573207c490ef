import { parseArgs } from 'node:util';
import { installParts, missingParts, names, packagesOf, realParts } from './lib/parts.mjs';

const { values } = parseArgs({ options: { install: { type: 'string' } } });
const wanted = values.install?.split(',');
const unknown = wanted?.filter((name) => !realParts.some((part) => part.name === name)) ?? [];

if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(', ')}. There are: ${names(realParts)}.`);
  process.exitCode = 2;
} else if (wanted) {
  const stillMissing = await installParts(realParts.filter((part) => wanted.includes(part.name)));
  if (stillMissing.length > 0) process.exitCode = 1;
} else {
  await printTable();
}

async function printTable() {
  const missing = new Set(await missingParts(realParts));
  for (const part of realParts) {
    const state = missing.has(part) ? 'missing' : 'works';
    console.log(`${part.name.padEnd(16)}${state.padEnd(9)}${part.use}${part.neededByTests ? ' (npm test)' : ''}`);
  }
  if (missing.size > 0) console.log(`\napt-get install ${packagesOf([...missing]).join(' ')}`);
}
