import { graphql } from '../../gql/index.js';

export const ListTokens = graphql(`
  query ListTokens($first: Int!, $after: String) {
    apiTokens(first: $first, after: $after) {
      nodes {
        id
        name
        hint
        scopes
        createdAt
        expiresAt
        lastUsedAt
        person {
          id
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

export const CreateToken = graphql(`
  mutation CreateToken($input: CreateApiTokenInput!) {
    createApiToken(input: $input) {
      __typename
      ... on ApiTokenCreated {
        token
        apiToken {
          id
          name
          scopes
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

export const RevokeToken = graphql(`
  mutation RevokeToken($input: RevokeApiTokenInput!) {
    revokeApiToken(input: $input) {
      ... on ApiTokenRevoked {
        id
      }
    }
  }
`);
