import { graphql } from '../../gql/index.js';

export const StartRun = graphql(`
  mutation StartRun($input: RunOnServersInput!) {
    runOnServers(input: $input) {
      __typename
      ... on Run {
        id
        serverCount
        skippedServerIds
      }
      ... on NoTargets {
        offlineCount
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const PreviewRun = graphql(`
  query PreviewRun($target: TargetInput!) {
    runPreview(target: $target) {
      serverCount
      offlineCount
      notReadyCount
      servers {
        id
        name
      }
      offline {
        id
        name
      }
      notReady {
        id
        name
      }
    }
  }
`);

export const ShowRun = graphql(`
  query ShowRun($id: ID!) {
    run(id: $id) {
      id
      state
      stopReason
      serverCount
      skippedServerIds
      batchSize
      batchPauseMs
      maxFailures
      createdAt
      finishedAt
      actor {
        kind
        id
        person {
          id
          email
          displayName
        }
      }
      progress {
        state
        count
      }
    }
  }
`);

export const ListRuns = graphql(`
  query ListRuns($first: Int!, $after: String) {
    runHistory(first: $first, after: $after) {
      nodes {
        id
        state
        stopReason
        serverCount
        createdAt
        finishedAt
        progress {
          state
          count
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const StopRun = graphql(`
  mutation StopRun($input: StopRunInput!) {
    stopRun(input: $input) {
      __typename
      ... on Run {
        id
        state
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const RunChanged = graphql(`
  subscription RunChanged($runIds: [ID!]!, $afterSeq: SafeInt) {
    runChanged(runIds: $runIds, afterSeq: $afterSeq) {
      seq
      run {
        id
        state
      }
    }
  }
`);

export const RunIds = graphql(`
  query RunIds($first: Int!, $after: String) {
    runHistory(first: $first, after: $after) {
      nodes {
        id
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);
