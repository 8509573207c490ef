import { graphql } from '../../gql/index.js';

export const LatestMetrics = graphql(`
  query LatestMetrics($filter: LatestMetricsFilterInput, $first: Int!, $after: String) {
    metricsLatest(filter: $filter, first: $first, after: $after) {
      nodes {
        serverId
        sample {
          at
          cpuPct
          load1
          load5
          load15
          iowaitPct
          stealPct
          memUsedMib
          memAvailableMib
          swapUsedMib
          diskUsedMib
          inodesUsedPct
          diskReadKibs
          diskWriteKibs
          netRxKibs
          netTxKibs
          psiCpuPct
          psiIoPct
          psiMemoryPct
          processCount
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const MetricsHistory = graphql(`
  query MetricsHistory($input: MetricsHistoryInput!) {
    metricsHistory(input: $input) {
      stepSeconds
      tierSeconds
      times
      series {
        serverId
        figure
        avg
        max
      }
    }
  }
`);

export const WatchMetrics = graphql(`
  subscription WatchMetrics($serverIds: [ID!]!) {
    metricsSampled(serverIds: $serverIds) {
      seq
      serverId
      gap
      sample {
        at
        cpuPct
        load1
        memUsedMib
        memAvailableMib
        diskUsedMib
        netRxKibs
        netTxKibs
      }
    }
  }
`);
