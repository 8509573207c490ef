/** The process that a `SimulatedFleet` starts: all of its agents, told by messages what to do. */
import { createLog, HostReader, Keyring, type HostReading } from '@pilothouse/agent';
import type { FleetCount, FleetOrder } from './fleet-messages.js';
import { SimulatedAgent } from './simulated-agent.js';

const READ_EVERY_MS = 1000;
let agents: SimulatedAgent[] = [];

/** This machine's figures of the last second, so that a thousand agents do not read `/proc` a thousand times. */
async function sharedReader(): Promise<Pick<HostReader, 'read'>> {
  const reader = new HostReader();
  let reading: HostReading = await reader.read({ withNetworkMounts: true });
  setInterval(() => {
    void reader.read({ withNetworkMounts: false }).then((next) => (reading = next));
  }, READ_EVERY_MS);
  return { read: async () => reading };
}

async function start(order: Extract<FleetOrder, { order: 'start' }>): Promise<void> {
  const { url, rootFingerprint, facts, writing } = order;
  const keyring = await Keyring.load(order.keysetFile, rootFingerprint);
  const reader = await sharedReader();
  const log = createLog({ level: 'error' });
  agents = order.agents.map(
    (identity) => new SimulatedAgent({ identity, url, keyring, rootFingerprint, facts, reader, writing, log }),
  );
  await Promise.all(agents.map((agent) => agent.start()));
}

async function obey(order: FleetOrder): Promise<number> {
  switch (order.order) {
    case 'start':
      await start(order);
      return 0;
    case 'count':
      return order.sinceMs;
    case 'stop-sampling':
      await Promise.all(agents.map((agent) => agent.stopSampling()));
      return 0;
  }
}

function count(sinceMs: number): FleetCount {
  const sum = (of: (agent: SimulatedAgent) => number) => agents.reduce((total, agent) => total + of(agent), 0);
  return {
    online: agents.filter((agent) => agent.isOnlineSince(sinceMs)).length,
    made: sum(({ made }) => made),
    delivered: sum(({ telemetry }) => telemetry.delivered),
    waiting: sum(({ telemetry }) => telemetry.length),
    dropped: sum(({ telemetry }) => telemetry.dropped),
  };
}

process.on('message', (order: FleetOrder) => {
  void obey(order).then((sinceMs) => process.send?.(count(sinceMs)));
});
process.once('disconnect', () => process.exit());
