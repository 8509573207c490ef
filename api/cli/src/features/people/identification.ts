import type { Identification } from '../../kernel/cli.js';
import { CliError, EXIT, refused } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import { askSecondFactor, type SecondFactor } from './second-factor.js';
import { SetupState, StepUp } from './people.operations.js';

/** Confirms with the password, and the second factor where there is one, that it is still the person who signed in. */
export const confirm: Identification['confirm'] = async (cli, session) => {
  const password = await cli.prompt.password('Password, to confirm');
  let factor: SecondFactor = {};
  for (;;) {
    const { stepUp } = await session.ask(StepUp, { input: { password, ...factor } });
    switch (stepUp.__typename) {
      case 'SignedIn':
        if (stepUp.token == null) throw new CliError(`The control plane gave no token. Sign in with ${CALLED} login.`);
        return stepUp.token;
      case 'SecondFactorRequired':
        factor = await askSecondFactor(cli);
        break;
      case 'SignInRefused':
      case 'SecondFactorRefused':
        throw refused(stepUp, EXIT.notSignedIn);
    }
  }
};

/** Nobody has signed in here, or nobody can yet. */
export const explainNobody: Identification['explainNobody'] = async (cli, session) => {
  const { setup } = await session.ask(SetupState, {});
  if (!setup.completed) return noOwnerYet(await cli.origin());
  const sentence = `Nobody is signed in at ${await cli.origin()}. Sign in with ${CALLED} login.`;
  return new CliError(sentence, EXIT.notSignedIn, 'UNAUTHENTICATED');
};

export function noOwnerYet(origin: string): CliError {
  return new CliError(`${origin} has no owner yet. Make one with ${CALLED} setup.`, EXIT.notSignedIn, 'NOT_SET_UP');
}
