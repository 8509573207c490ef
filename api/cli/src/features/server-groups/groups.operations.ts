import { graphql } from '../../gql/index.js';

export const ListGroups = graphql(`
  query ListGroups($first: Int!, $after: String) {
    serverGroups(first: $first, after: $after) {
      nodes {
        id
        name
        colour
        parentId
        serverCount
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const CreateGroup = graphql(`
  mutation CreateGroup($input: CreateServerGroupInput!) {
    createServerGroup(input: $input) {
      __typename
      ... on ServerGroup {
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

export const UpdateGroup = graphql(`
  mutation UpdateGroup($input: UpdateServerGroupInput!) {
    updateServerGroup(input: $input) {
      __typename
      ... on ServerGroup {
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

export const DeleteGroup = graphql(`
  mutation DeleteGroup($input: DeleteServerGroupInput!) {
    deleteServerGroup(input: $input) {
      __typename
      ... on ServerGroupDeleted {
        id
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);
