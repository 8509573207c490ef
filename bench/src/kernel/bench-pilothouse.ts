import { eventually, Operator, StartedPilothouse, type SeenServer } from '@pilothouse/api/testing';
import { BenchDatabase } from './bench-database.js';

/** A Pilothouse of its own with its owner signed in and this machine enrolled and online. */
export interface BenchPilothouse {
  pilothouse: StartedPilothouse;
  operator: Operator;
  server: SeenServer;
}

/** Starts it, and removes it whatever comes of the work. */
export async function withPilothouse<T>(
  work: (bench: BenchPilothouse) => Promise<T>,
  environment: Readonly<Record<string, string>> = {},
): Promise<T> {
  const pilothouse = await StartedPilothouse.start({ environment });
  try {
    const operator = new Operator(pilothouse, await pilothouse.setUp());
    const server = await eventually(async () => {
      const [first] = await operator.servers();
      return first?.state === 'ONLINE' ? first : null;
    });
    return await work({ pilothouse, operator, server });
  } finally {
    await pilothouse.remove();
  }
}

/** The same on a database that the measurement may look into. */
export async function withOpenDatabase<T>(
  work: (bench: BenchPilothouse & { database: BenchDatabase }) => Promise<T>,
  environment: Readonly<Record<string, string>> = {},
): Promise<T> {
  const database = await BenchDatabase.start();
  try {
    return await withPilothouse((bench) => work({ ...bench, database }), {
      ...environment,
      PILOTHOUSE_DATABASE_URL: database.url,
    });
  } finally {
    await database.remove();
  }
}
