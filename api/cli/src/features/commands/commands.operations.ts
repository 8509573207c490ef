import { graphql } from '../../gql/index.js';

export const RunCommand = graphql(`
  mutation RunCommand($input: RunCommandInput!) {
    runCommand(input: $input) {
      __typename
      ... on Command {
        id
        state
        serverId
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const RerunCommand = graphql(`
  mutation RerunCommand($input: RerunCommandInput!) {
    rerunCommand(input: $input) {
      __typename
      ... on Command {
        id
        state
        serverId
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const CancelCommand = graphql(`
  mutation CancelCommand($input: CancelCommandInput!) {
    cancelCommand(input: $input) {
      __typename
      ... on Command {
        id
        state
        cancelRequestedAt
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const ShowCommand = graphql(`
  query ShowCommand($id: ID!) {
    command(id: $id) {
      id
      serverId
      runId
      state
      outcome
      exitCode
      signal
      reason
      createdAt
      deliveredAt
      startedAt
      finishedAt
      expiresAt
      durationMs
      timeoutMs
      cancelRequestedAt
      unreachableSince
      priority
      concurrency
      idempotent
      rerunOfId
      stdoutBytes
      stderrBytes
      actor {
        kind
        id
        person {
          id
          email
          displayName
        }
      }
      program {
        argv
        script
        interpreter
        user
        workingDirectory
        environmentNames
        hasStdin
      }
      lateResult {
        state
        exitCode
        reason
        at
      }
    }
  }
`);

export const CommandHistory = graphql(`
  query CommandHistory($filter: CommandFilterInput, $first: Int!, $after: String) {
    commandHistory(filter: $filter, first: $first, after: $after) {
      nodes {
        id
        serverId
        runId
        state
        exitCode
        signal
        reason
        createdAt
        durationMs
        stdoutBytes
        stderrBytes
        program {
          argv
          script
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const CommandOutput = graphql(`
  subscription CommandOutput($commandId: ID!, $afterSeq: SafeInt) {
    commandOutput(commandId: $commandId, afterSeq: $afterSeq) {
      seq
      stream
      data
      missingBytes
      end
    }
  }
`);

export const CommandIds = graphql(`
  query CommandIds($first: Int!, $after: String) {
    commandHistory(first: $first, after: $after) {
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
