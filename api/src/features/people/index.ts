/** People: set-up, sign-in, sessions, second factors, API tokens, and knowing who a request comes from. */
import type { Database } from '../../kernel/database/index.js';
import type { EventBus } from '../../kernel/event-bus.js';
import type { RateLimits } from '../../kernel/rate-limits.js';
import type { SealingKey } from '../../kernel/sealing.js';
import { AccountRepository } from './account.repository.js';
import { AccountResolver } from './account.resolver.js';
import { AccountService } from './account.service.js';
import { ActorResolver } from './actor.resolver.js';
import { ApiTokenRepository } from './api-token.repository.js';
import { ApiTokenResolver } from './api-token.resolver.js';
import { ApiTokenService } from './api-token.service.js';
import { CredentialAuthenticator } from './credential.authenticator.js';
import { NewAccountService } from './new-account.service.js';
import { PasswordHasher } from './password.hasher.js';
import { PersonDirectory } from './person.directory.js';
import { PersonRepository } from './person.repository.js';
import { SecondFactorCheck } from './second-factor.check.js';
import { SecondFactorRepository } from './second-factor.repository.js';
import { SessionRepository } from './session.repository.js';
import { SessionResolver } from './session.resolver.js';
import { SessionService } from './session.service.js';
import { SetUpRepository } from './set-up.repository.js';
import { SetUpResolver } from './set-up.resolver.js';
import { SetUpService } from './set-up.service.js';
import { SignInResolver } from './sign-in.resolver.js';
import { SignInService } from './sign-in.service.js';
import { TotpResolver } from './totp.resolver.js';
import { TotpService } from './totp.service.js';

export { Me } from './account.types.js';
export { Actor, ActorKind } from './actor.types.js';
export { asPerson, type PersonContext } from './acting-as.js';
export { ApiTokenScope } from './api-token.types.js';
export type { NewAccountService } from './new-account.service.js';
export type { PersonDirectory } from './person.directory.js';
export { Person } from './person.types.js';
export { SessionClient } from './session.types.js';
export { SignedIn } from './sign-in.types.js';

export interface PeopleParts {
  database: Database;
  bus: EventBus;
  rateLimits: RateLimits;
  sealing: SealingKey;
  now?: () => Date;
}

export function createPeopleFeature({ now = () => new Date(), ...kernel }: PeopleParts) {
  const { database, sealing } = kernel;
  const hasher = new PasswordHasher();
  const accounts = new AccountRepository(database);
  const sessions = new SessionRepository();
  const secondFactors = new SecondFactorRepository();
  const secondFactor = new SecondFactorCheck(secondFactors, sealing);
  const sessionService = new SessionService({ ...kernel, sessions });
  const apiTokens = new ApiTokenRepository();
  const shared = { ...kernel, now, hasher, accounts, sessions, secondFactor, secondFactors, apiTokens, sessionService };
  const accountService = new AccountService(shared);
  const setUp = new SetUpService({ ...shared, setUps: new SetUpRepository(database) });
  const directory = createPersonDirectory(database);
  return {
    authenticator: new CredentialAuthenticator({ database, now }),
    setUp,
    directory,
    newAccounts: new NewAccountService(shared),
    /** For the operator on the control plane's own host. */
    recoverOwner: accountService.recover.bind(accountService),
    disableAccount: (email: string) => accountService.disable(email),
    resolvers: [
      new ActorResolver(directory),
      new SetUpResolver(setUp),
      new SignInResolver(new SignInService(shared)),
      new SessionResolver(sessionService),
      new TotpResolver(new TotpService(shared)),
      new AccountResolver(accountService),
      new ApiTokenResolver(new ApiTokenService(shared)),
    ],
  };
}

export function createPersonDirectory(database: Database): PersonDirectory {
  return new PersonDirectory({ database, people: new PersonRepository() });
}
