import type { Cli } from '../../kernel/cli.js';
import { CliError, EXIT } from '../../kernel/cli-error.js';

export interface SecondFactor {
  totpCode?: string;
  recoveryCode?: string;
}

/** Six digits are of the authenticator app; anything else is a recovery code. */
export function secondFactorOf(text: string): SecondFactor {
  const code = text.replaceAll(' ', '');
  return /^\d{6}$/.test(code) ? { totpCode: code } : { recoveryCode: text.trim() };
}

export async function askSecondFactor(cli: Cli): Promise<SecondFactor> {
  if (!cli.prompt.isInteractive) {
    throw new CliError(
      'The second factor is needed, and there is no terminal to ask at. Give --code with six digits or a recovery code.',
      EXIT.notSignedIn,
      'SECOND_FACTOR_REQUIRED',
    );
  }
  return secondFactorOf(
    await cli.prompt.text('Code of the authenticator app, or a recovery code', { option: '--code' }),
  );
}
