import { graphql } from '../../gql/index.js';

export const ListServers = graphql(`
  query ListServers($filter: ServerFilterInput, $orderBy: ServerOrder!, $first: Int!, $after: String) {
    servers(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
      nodes {
        id
        name
        state
        stateReason
        connected
        lastSeenAt
        latencyMs
        tags
        automaticTags
        agentVersion
        integrityAlert {
          raisedAt
          reason
          commandId
          count
        }
        group {
          id
          name
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const ServerNames = graphql(`
  query ServerNames($filter: ServerFilterInput, $first: Int!, $after: String) {
    servers(filter: $filter, first: $first, after: $after) {
      nodes {
        id
        name
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const ShowServer = graphql(`
  query ShowServer($id: ID!) {
    server(id: $id) {
      id
      name
      description
      state
      stateReason
      connected
      connectedAt
      lastSeenAt
      latencyMs
      disconnectReason
      duplicateIdentity
      queueHeld
      integrityAlert {
        raisedAt
        reason
        commandId
        count
      }
      tags
      automaticTags
      profile
      scopes
      protected
      maintenance
      concurrency
      agentVersion
      protocolVersion
      createdAt
      enrolledAt
      group {
        id
        name
      }
      healthChecks {
        name
        ok
        message
      }
      facts {
        hostname
        addresses
        osName
        osVersion
        kernel
        architecture
        virtualisation
        cpuModel
        cpuCount
        memoryMib
        swapMib
        diskMib
        bootedAt
        systemd
        agentUser
        reportedAt
      }
      connections(first: 5) {
        nodes {
          id
          address
          agentVersion
          connectedAt
          disconnectedAt
          disconnectReason
        }
      }
    }
  }
`);

export const WatchServers = graphql(`
  subscription WatchServers($afterSeq: SafeInt, $serverIds: [ID!]) {
    serverChanged(afterSeq: $afterSeq, serverIds: $serverIds) {
      seq
      serverId
      server {
        id
        name
        state
        stateReason
        connected
        lastSeenAt
        latencyMs
        integrityAlert {
          raisedAt
          reason
          commandId
          count
        }
      }
    }
  }
`);

export const CreateServer = graphql(`
  mutation CreateServer($input: CreateServerInput!) {
    createServer(input: $input) {
      __typename
      ... on ServerEnrolment {
        server {
          id
          name
          profile
          scopes
        }
        enrolment {
          command
          installCommand
          installCommandWithWget
          token
          rootFingerprint
          expiresAt
        }
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const ReenrolServer = graphql(`
  mutation ReenrolServer($input: ReenrolServerInput!) {
    reenrolServer(input: $input) {
      __typename
      ... on ServerEnrolment {
        server {
          id
          name
          profile
          scopes
        }
        enrolment {
          command
          installCommand
          installCommandWithWget
          token
          rootFingerprint
          expiresAt
        }
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const UpdateServer = graphql(`
  mutation UpdateServer($input: UpdateServerInput!) {
    updateServer(input: $input) {
      __typename
      ... on Server {
        id
        name
        description
        profile
        scopes
        protected
        concurrency
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const ChangeTagsOnServers = graphql(`
  mutation ChangeTagsOnServers($input: ChangeTagsOnServersInput!) {
    changeTagsOnServers(input: $input) {
      ... on ServerOutcomes {
        outcomes {
          serverId
          problem
          server {
            id
            name
            tags
            automaticTags
          }
        }
      }
    }
  }
`);

export const MoveServersToGroup = graphql(`
  mutation MoveServersToGroup($input: MoveServersToGroupInput!) {
    moveServersToGroup(input: $input) {
      __typename
      ... on ServerOutcomes {
        outcomes {
          serverId
          problem
          server {
            id
            name
            group {
              id
              name
            }
          }
        }
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const SetServerMaintenance = graphql(`
  mutation SetServerMaintenance($input: SetServerMaintenanceInput!) {
    setServerMaintenance(input: $input) {
      ... on Server {
        id
        name
        maintenance
        state
        stateReason
      }
    }
  }
`);

export const RevokeServer = graphql(`
  mutation RevokeServer($input: RevokeServerInput!) {
    revokeServer(input: $input) {
      ... on Server {
        id
        name
        state
      }
    }
  }
`);

export const RotateServerKey = graphql(`
  mutation RotateServerKey($input: RotateServerKeyInput!) {
    rotateServerKey(input: $input) {
      __typename
      ... on Server {
        id
        name
        connected
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const DeleteServer = graphql(`
  mutation DeleteServer($input: DeleteServerInput!) {
    deleteServer(input: $input) {
      __typename
      ... on ServerDeleted {
        id
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const AcknowledgeIntegrityAlert = graphql(`
  mutation AcknowledgeIntegrityAlert($input: AcknowledgeIntegrityAlertInput!) {
    acknowledgeIntegrityAlert(input: $input) {
      __typename
      ... on Server {
        id
        name
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const NewestChange = graphql(`
  query NewestChange {
    newestChange
  }
`);

export const ServerStates = graphql(`
  query ServerStates($filter: ServerFilterInput, $first: Int!, $after: String) {
    servers(filter: $filter, first: $first, after: $after) {
      nodes {
        id
        name
        state
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);
