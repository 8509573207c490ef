import { graphql } from '../../gql/index.js';

export const ListWorkspaces = graphql(`
  query ListWorkspaces($first: Int!, $after: String) {
    workspaces(first: $first, after: $after) {
      nodes {
        role
        joinedAt
        workspace {
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

export const CreateWorkspace = graphql(`
  mutation CreateWorkspace($input: CreateWorkspaceInput!) {
    createWorkspace(input: $input) {
      __typename
      ... on Workspace {
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

export const RenameWorkspace = graphql(`
  mutation RenameWorkspace($input: RenameWorkspaceInput!) {
    renameWorkspace(input: $input) {
      ... on Workspace {
        id
        name
      }
    }
  }
`);

export const ListMembers = graphql(`
  query ListMembers($first: Int!, $after: String) {
    members(first: $first, after: $after) {
      nodes {
        role
        joinedAt
        person {
          id
          email
          displayName
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const InviteMember = graphql(`
  mutation InviteMember($input: InviteMemberInput!) {
    inviteMember(input: $input) {
      __typename
      ... on MemberInvited {
        code
        invitation {
          id
          email
          role
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

export const ChangeMemberRole = graphql(`
  mutation ChangeMemberRole($input: ChangeMemberRoleInput!) {
    changeMemberRole(input: $input) {
      __typename
      ... on Member {
        role
        person {
          id
          email
        }
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const RemoveMember = graphql(`
  mutation RemoveMember($input: RemoveMemberInput!) {
    removeMember(input: $input) {
      __typename
      ... on MemberRemoved {
        person {
          id
          email
        }
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const ListInvitations = graphql(`
  query ListInvitations($first: Int!, $after: String) {
    invitations(first: $first, after: $after) {
      nodes {
        id
        email
        role
        createdAt
        expiresAt
        invitedBy {
          email
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const RevokeInvitation = graphql(`
  mutation RevokeInvitation($input: RevokeInvitationInput!) {
    revokeInvitation(input: $input) {
      ... on InvitationRevoked {
        id
      }
    }
  }
`);

export const ShowInvitation = graphql(`
  query ShowInvitation($code: String!) {
    invitationOffer(code: $code) {
      email
      role
      workspaceName
      inviterName
      expiresAt
      hasAccount
    }
  }
`);

export const AcceptInvitation = graphql(`
  mutation AcceptInvitation($input: AcceptInvitationInput!) {
    acceptInvitation(input: $input) {
      __typename
      ... on InvitationAccepted {
        workspace {
          id
          name
        }
        signedIn {
          token
          person {
            id
            email
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
