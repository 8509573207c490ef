import type { Command } from 'commander';
import type { Act } from '../../kernel/act.js';
import type { HostFigure } from '../../gql/graphql.js';
import { choice } from '../../input/choice.js';
import { moment } from '../../input/duration.js';
import { listed } from '../../input/lists.js';
import { wholeNumber } from '../../input/numbers.js';
import { FIGURE_NAMES } from './figures.js';
import { showMetrics, showTop, TOP_FIGURES, watchMetrics } from './metrics.js';

const figures = (text: string, before: HostFigure[] = []) => [
  ...before,
  ...listed(text).map(choice('A figure', FIGURE_NAMES)),
];
const time = (text: string) => moment(text);

export function registerMetrics(program: Command, act: Act): void {
  const metrics = program.command('metrics').description('what was measured on servers');
  metrics
    .command('show <server>', { isDefault: true })
    .description('figures of a server over a range; the last hour if not given')
    .option('--from <time>', 'begin: 1h for an hour ago, or an ISO time', time)
    .option('--to <time>', 'end; now if not given', time)
    .option('--figures <figure>', 'as cpu-pct,mem-used-mib; may be repeated', figures)
    .option('--points <number>', 'how many points at most', wholeNumber('--points', { min: 1, max: 2000 }))
    .option('--csv', 'every point, as comma-separated values')
    .action(act(showMetrics));
  metrics
    .command('top')
    .description('the busiest servers by their newest sample')
    .option('--by <figure>', 'cpu, load, memory, disk or network; cpu if not given', choice('A figure', TOP_FIGURES))
    .option('--limit <number>', 'how many', wholeNumber('--limit', { min: 1, max: 10_000 }), 20)
    .action(act(showTop));
  metrics.command('watch <server...>').description('print samples as they come').action(act(watchMetrics));
}
