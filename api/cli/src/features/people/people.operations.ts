import { graphql } from '../../gql/index.js';

export const SetupState = graphql(`
  query SetupState {
    setup {
      completed
    }
  }
`);

export const CheckSetupCode = graphql(`
  mutation CheckSetupCode($input: CheckSetupCodeInput!) {
    checkSetupCode(input: $input) {
      __typename
      ... on SetupRefused {
        completed
        code
        message
      }
    }
  }
`);

export const CompleteSetup = graphql(`
  mutation CompleteSetup($input: CompleteSetupInput!) {
    completeSetup(input: $input) {
      __typename
      ... on SignedIn {
        token
        person {
          id
          email
          displayName
        }
      }
      ... on SetupRefused {
        completed
        code
        message
      }
    }
  }
`);

export const SignIn = graphql(`
  mutation SignIn($input: SignInInput!) {
    signIn(input: $input) {
      __typename
      ... on SignedIn {
        token
        person {
          id
          email
          displayName
        }
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const StepUp = graphql(`
  mutation StepUp($input: StepUpInput!) {
    stepUp(input: $input) {
      __typename
      ... on SignedIn {
        token
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const SignOut = graphql(`
  mutation SignOut {
    signOut {
      ... on SignedOut {
        sessionsEnded
      }
    }
  }
`);

export const SignOutEverywhere = graphql(`
  mutation SignOutEverywhere {
    signOutEverywhere {
      ... on SignedOut {
        sessionsEnded
      }
    }
  }
`);

export const WhoAmI = graphql(`
  query WhoAmI {
    caller {
      kind
      role
      scopes
      person {
        id
        email
        displayName
      }
      workspace {
        id
        name
      }
    }
  }
`);

export const ChangePassword = graphql(`
  mutation ChangePassword($input: ChangePasswordInput!) {
    changePassword(input: $input) {
      ... on PasswordChanged {
        sessionsEnded
      }
    }
  }
`);

export const StartTotp = graphql(`
  mutation StartTotp {
    startTotp {
      __typename
      ... on TotpStarted {
        secret
        otpauthUri
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const ConfirmTotp = graphql(`
  mutation ConfirmTotp($input: ConfirmTotpInput!) {
    confirmTotp(input: $input) {
      __typename
      ... on TotpConfirmed {
        recoveryCodes
        sessionsEnded
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const DisableTotp = graphql(`
  mutation DisableTotp {
    disableTotp {
      __typename
      ... on TotpDisabled {
        sessionsEnded
      }
      ... on Refusal {
        code
        message
      }
    }
  }
`);

export const ListSessions = graphql(`
  query ListSessions($first: Int!, $after: String) {
    sessions(first: $first, after: $after) {
      nodes {
        id
        client
        userAgent
        address
        createdAt
        lastUsedAt
        expiresAt
        secondFactor
        isCurrent
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`);

export const RevokeSession = graphql(`
  mutation RevokeSession($input: RevokeSessionInput!) {
    revokeSession(input: $input) {
      ... on SessionRevoked {
        id
      }
    }
  }
`);
