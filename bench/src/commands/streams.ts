import { randomUUID } from 'node:crypto';
import { withOpenDatabase } from '../kernel/bench-pilothouse.js';
import { mebibytes, quantile } from '../kernel/measure.js';
import { processorMs, residentBytes } from '../kernel/processes.js';
import { runScript } from '../kernel/script.js';
import { SimulatedFleet } from '../agents/fleet.js';
import { OutputFollower } from './output-follower.js';

const about = `Commands on as many simulated agents that write at the same time, each followed by a subscriber of its own: what arrives,
how long after it was written, and what that costs the api. All share this machine's cores.`;
const options = {
  streams: { fallback: 200, meaning: 'commands, each on an agent of its own with a subscriber of its own' },
  'kib-per-second': { fallback: 40, meaning: 'what each writes' },
  seconds: { fallback: 30, meaning: 'how long each writes' },
  'streams-per-socket': { fallback: 10, meaning: 'subscriptions that share a socket' },
};
const PIECES_PER_SECOND = 10;
const SAMPLE_MS = 100;

await runScript(
  { about, options },
  ({ streams, 'kib-per-second': kibPerSecond, seconds, 'streams-per-socket': perSocket }) =>
    withOpenDatabase(async ({ pilothouse, operator, database }) => {
      const writing = {
        pieceBytes: Math.round((kibPerSecond * 1024) / PIECES_PER_SECOND),
        pieces: seconds * PIECES_PER_SECOND,
        everyMs: 1000 / PIECES_PER_SECOND,
      };
      const { origin } = pilothouse;
      const fleet = await SimulatedFleet.start({ origin, admin: database.admin, agents: streams, writing });
      const followers: OutputFollower[] = [];
      try {
        await fleet.untilOnline(streams);
        const api = await pilothouse.pidOf('api');
        const before = { bytes: residentBytes(api), processor: processorMs(api) };
        let peak = before.bytes;
        const sampling = setInterval(() => (peak = Math.max(peak, residentBytes(api))), SAMPLE_MS);
        const started = await operator.ask(
          `mutation ($input: RunOnServersInput!) { runOnServers(input: $input) { __typename ... on Refusal { refusal: message } } }`,
          {
            input: {
              target: { serverIds: fleet.serverIds },
              command: { argv: ['true'] },
              idempotencyKey: randomUUID(),
            },
          },
        );
        if (!started) throw new Error('The run was not started');
        const startMs = performance.now();
        const { rows } = await database.admin.query<{ id: string }>(
          'select id from commands where server_id = any($1::uuid[])',
          [fleet.serverIds],
        );
        for (let from = 0; from < rows.length; from += perSocket) {
          const client = operator.socket();
          followers.push(...rows.slice(from, from + perSocket).map(({ id }) => new OutputFollower(client, id)));
        }
        await Promise.all(followers.map(({ ended }) => ended));
        const elapsedSeconds = (performance.now() - startMs) / 1000;
        clearInterval(sampling);
        const lags = followers.flatMap(({ lagsMs }) => lagsMs);
        const received = followers.reduce((sum, { bytes }) => sum + bytes, 0);
        return [
          {
            title: `${streams} streams of ${kibPerSecond} KiB/s for ${seconds} s`,
            figures: [
              {
                name: 'delivered to subscribers, MiB',
                value: mebibytes(received),
                digits: 1,
                limit: ((streams * writing.pieces * writing.pieceBytes) / 2 ** 20).toFixed(1),
              },
              { name: 'until the last had ended, s', value: elapsedSeconds, digits: 1 },
              { name: 'from writing to the subscriber, p50, ms', value: quantile(lags, 0.5) },
              { name: 'from writing to the subscriber, p99, ms', value: quantile(lags, 0.99) },
              { name: 'api, grows by at most, MiB', value: mebibytes(peak - before.bytes) },
              { name: 'api, % of a core', value: (processorMs(api) - before.processor) / (elapsedSeconds * 10) },
            ],
          },
        ];
      } finally {
        await fleet.stop();
      }
    }),
);
