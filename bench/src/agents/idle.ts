import { setTimeout as delay } from 'node:timers/promises';
import { withPilothouse } from '../kernel/bench-pilothouse.js';
import { freePort } from '../kernel/free-port.js';
import { mebibytes, printTable, tenths } from '../kernel/measure.js';
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
    await withPilothouse(async ({ pilothouse }) => {
      const agent = await pilothouse.pidOf('agent');
      await delay(settle * 1000);
      const before = { bytes: meter.bytes, processor: processorMs(agent) };
      await delay(seconds * 1000);
      const bytes = meter.bytes - before.bytes;
      const processor = processorMs(agent) - before.processor;
      const everything = [...treeOf(pilothouse.pid), ...treeOf(await pilothouse.pidOfDatabase())];
      const sum = (bytesOf: (pid: number) => number) =>
        [...new Set(everything)].filter((pid) => pid !== agent).reduce((total, pid) => total + bytesOf(pid), 0);
      printTable(
        [`idle for ${seconds} s`, 'figure', 'limit', 'peer'],
        [
          ['agent, resident MiB', mebibytes(residentBytes(agent)), 70, 'a bare Node process: 40'],
          ['agent, % of a core', (processor / (seconds * 10)).toFixed(2), 0.5, ''],
          ['agent, bytes/s both ways', tenths(bytes / seconds), 200, ''],
          ['control plane, sum of resident MiB', mebibytes(sum(residentBytes)), 700, 'Coolify: 500 to 1,200'],
          ['control plane, MiB with shared pages counted once', mebibytes(sum(proportionalBytes)), '', ''],
        ],
      );
    }, environment);
  } finally {
    meter.stop();
  }
});
