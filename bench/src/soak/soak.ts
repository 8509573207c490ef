import { median, slope } from '../kernel/measure.js';
import type { Figure, Section } from '../kernel/report.js';
import { runScript } from '../kernel/script.js';
import { soak, type Holdings, type Moment, type Soak } from './run-soak.js';

const about = `Hours in minutes: agents with metrics, commands, and subscriptions that come and go. Does memory rise, are descriptors and
connections as many at the end as at the start? Then an agent alone, while its control plane is away. Jobs run in the api.`;
const options = {
  minutes: { fallback: 60, meaning: 'how long' },
  agents: { fallback: 100, meaning: 'simulated agents, beside two real ones' },
  'warm-up': { fallback: 30, meaning: 'minutes of it that do not count: V8 still compiles' },
  'away-minutes': { fallback: 4, meaning: 'how long the agent is alone afterwards' },
};
const MAX_SLOPE = 1;

await runScript({ about, options }, async ({ minutes, agents, 'warm-up': warmUp, 'away-minutes': awayMinutes }) => {
  const found = await soak({ minutes, agents, warmUp, awayMinutes });
  const { before, after, alone, missing } = found;
  return [
    workSection(`${minutes} min with ${agents + 2} agents`, found),
    holdingsSection(before, after),
    {
      title: `an agent alone for ${awayMinutes} min`,
      figures: [
        ...alone.figures,
        { name: 'samples of that time missing after its return', value: missing, limit: '0' },
      ],
    },
  ];
});

function workSection(title: string, { work, moments }: Soak): Section {
  type Measured = Exclude<keyof Moment, 'atMs'>;
  const ofHour = (name: Measured): Figure['value'] =>
    slope(moments.map((moment) => [moment.atMs / 3_600_000, moment[name]]));
  const middle = (name: Measured) => median(moments.map((moment) => moment[name]));
  return {
    title,
    figures: [
      { name: 'commands', value: work.commands },
      { name: 'subscribers that came and went', value: work.subscribers },
      { name: 'of both, failed', value: work.failures, limit: '0' },
      { name: 'api, resident MiB, median', value: middle('api') },
      { name: 'api, resident, MiB/h', value: ofHour('api'), digits: 1, limit: MAX_SLOPE },
      { name: 'api, alive of the heap, MiB, median', value: middle('apiHeap'), digits: 1 },
      { name: 'api, alive of the heap, MiB/h', value: ofHour('apiHeap'), digits: 1, limit: MAX_SLOPE },
      { name: 'agent, resident MiB, median', value: middle('agent') },
      { name: 'agent, resident, MiB/h', value: ofHour('agent'), digits: 1, limit: MAX_SLOPE },
      { name: 'agent, alive of the heap, MiB, median', value: middle('agentHeap'), digits: 1 },
      { name: 'agent, alive of the heap, MiB/h', value: ofHour('agentHeap'), digits: 1, limit: MAX_SLOPE },
    ],
  };
}

function holdingsSection(before: Holdings, after: Holdings): Section {
  const pair = (what: string, of: keyof Holdings): Figure[] => [
    { name: `${what}, after the warm-up`, value: before[of] },
    { name: `${what}, at the end`, value: after[of], limit: before[of] },
  ];
  return {
    title: 'held while nothing happens',
    figures: [
      ...pair('api, descriptors', 'api'),
      ...pair('agent, descriptors', 'agent'),
      ...pair('connections to PostgreSQL', 'database'),
    ],
  };
}
