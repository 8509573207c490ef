import { eventually, Operator, StartedPilothouse, type SeenServer } from '@pilothouse/api/testing';

/** A Pilothouse of its own with its owner signed in and this machine enrolled and online. */
export interface BenchPilothouse {
  pilothouse: StartedPilothouse;
  operator: Operator;
  server: SeenServer;
}

/** Starts it, and removes it whatever comes of the work. */
export async function withPilothouse(
  work: (bench: BenchPilothouse) => Promise<void>,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  const pilothouse = await StartedPilothouse.start({ environment });
  try {
    const operator = new Operator(pilothouse, await pilothouse.setUp());
    const server = await eventually(async () => {
      const [first] = await operator.servers();
      return first?.state === 'ONLINE' ? first : null;
    });
    await work({ pilothouse, operator, server });
  } finally {
    await pilothouse.remove();
  }
}
