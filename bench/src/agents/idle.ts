import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@pilothouse/api/testing';
import { withPilothouse } from '../kernel/bench-pilothouse.js';
import { mebibytes } from '../kernel/measure.js';
import { processorMs, proportionalBytes, residentBytes, treeOf } from '../kernel/processes.js';
import { runScript } from '../kernel/script.js';
import { TcpMeter } from '../kernel/tcp-meter.js';

const about = `What an agent that has nothing to do costs, with metrics every 10 s, and the whole control plane beside it. Traffic is
counted on the way between them, without TLS.`;
const options = {
  seconds: { fallback: 180, meaning: 'how long both are watched' },
  settle: { fallback: 60, meaning: 'seconds before that are not counted' },
};

await runScript({ about, options }, async ({ seconds, settle }) => {
  const meter = await TcpMeter.start();
  meter.targetPort = await freePort();
  const environment = { PILOTHOUSE_LISTEN: `127.0.0.1:${meter.targetPort}`, PILOTHOUSE_PUBLIC_URL: meter.origin };
  try {
    return await withPilothouse(async ({ pilothouse }) => {
      const agent = await pilothouse.pidOf('agent');
      await delay(settle * 1000);
      const before = { bytes: meter.bytes, processor: processorMs(agent) };
      await delay(seconds * 1000);
      const bytes = meter.bytes - before.bytes;
      const processor = processorMs(agent) - before.processor;
      const everything = [...treeOf(pilothouse.pid), ...treeOf(await pilothouse.pidOfDatabase())];
      const sum = (bytesOf: (pid: number) => number) =>
        [...new Set(everything)].filter((pid) => pid !== agent).reduce((total, pid) => total + bytesOf(pid), 0);
      return [
        {
          title: `idle for ${seconds} s`,
          figures: [
            {
              name: 'agent, resident MiB',
              value: mebibytes(residentBytes(agent)),
              limit: 70,
              peer: 'a bare Node process: 40',
            },
            { name: 'agent, % of a core', value: processor / (seconds * 10), digits: 2, limit: 0.5 },
            { name: 'agent, bytes/s both ways', value: bytes / seconds, digits: 1, limit: 200 },
            {
              name: 'control plane, sum of resident MiB',
              value: mebibytes(sum(residentBytes)),
              limit: 700,
              peer: 'Coolify: 500 to 1,200',
            },
            { name: 'control plane, MiB with shared pages counted once', value: mebibytes(sum(proportionalBytes)) },
          ],
        },
      ];
    }, environment);
  } finally {
    meter.stop();
  }
});
