import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { StartedPilothouse } from '../testing/index.js';
import { describeLimits } from './testing/limits.suite.js';
import { TRANSPORTS, type Caller } from './testing/transports.js';

let pilothouse: StartedPilothouse;
let token: string;
beforeAll(async () => {
  pilothouse = await StartedPilothouse.start();
  token = await pilothouse.setUp();
});
afterAll(() => pilothouse?.remove());

/** What is compiled resolves its modules otherwise than the tests do: a limit may hold in one and not in the other. */
describe.each(TRANSPORTS)('what is built, over $name', ({ name, call }) => {
  let caller: Caller;
  beforeEach(async () => void (caller = await call(pilothouse.origin, token)));
  afterEach(() => caller.end());

  describeLimits(() => caller, name);
});
