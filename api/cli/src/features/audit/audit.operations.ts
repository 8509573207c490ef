import { graphql } from '../../gql/index.js';

export const ListAudit = graphql(`
  query ListAudit($filter: AuditFilterInput, $first: Int!, $after: String) {
    auditEntries(filter: $filter, first: $first, after: $after) {
      nodes {
        sequence
        at
        action
        actorKind
        actorId
        actorPerson {
          id
          email
          displayName
        }
        targetKind
        targetId
        detail
        intentDigest
        previousHash
        hash
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const VerifyAudit = graphql(`
  query VerifyAudit {
    verifyAudit {
      intact
      checkedEntries
      baseSequence
      headSequence
      headHash
      anchorCount
      lastAnchoredSequence
      unreadableAnchors
      problem {
        kind
        sequence
        message
      }
    }
  }
`);
