import type { Confirm } from '../../kernel/cli.js';
import { CliError, EXIT, refused } from '../../kernel/cli-error.js';
import { askSecondFactor, type SecondFactor } from './second-factor.js';
import { StepUp } from './people.operations.js';

/** Confirms with the password, and the second factor where there is one, that it is still the person who signed in. */
export const confirm: Confirm = async (cli, session) => {
  const password = await cli.prompt.password('Password, to confirm');
  let factor: SecondFactor = {};
  for (;;) {
    const { stepUp } = await session.ask(StepUp, { input: { password, ...factor } });
    switch (stepUp.__typename) {
      case 'SignedIn':
        if (stepUp.token == null) throw new CliError('The control plane gave no token. Sign in with pilothouse login.');
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
