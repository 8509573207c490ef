import type { Cli } from '../../kernel/cli.js';
import { refused } from '../../kernel/cli-error.js';
import { word } from '../../input/choice.js';
import { counted } from '../../ui/times.js';
import { ChangePassword, ConfirmTotp, DisableTotp, StartTotp, WhoAmI } from './people.operations.js';

export async function whoAmI(cli: Cli): Promise<void> {
  const session = await cli.session();
  const { caller } = await session.ask(WhoAmI, {});
  const url = await cli.origin();
  await cli.output.answer({ url, ...caller }, () =>
    cli.output.facts([
      ['person', `${caller.person.displayName} <${caller.person.email}>`],
      ['role', word(caller.role)],
      ['workspace', `${caller.workspace.name} (${caller.workspace.id})`],
      ['by', caller.kind === 'API_TOKEN' ? 'API token' : 'session'],
      ['scopes', caller.scopes?.map(word).join(', ')],
      ['control plane', url],
    ]),
  );
}

export async function changePassword(cli: Cli): Promise<void> {
  const session = await cli.session();
  const newPassword = await cli.prompt.newPassword('New password (at least 12 characters)');
  const { changePassword: changed } = await session.ask(ChangePassword, { input: { newPassword } });
  await cli.output.answer(
    changed,
    () => `Changed the password. Ended ${counted(changed.sessionsEnded, 'other session')}.\n`,
  );
}

/** Shows the secret, then asks for the app's first code: it counts only once that is right. */
export async function enableTotp(cli: Cli): Promise<void> {
  const session = await cli.session();
  const { startTotp } = await session.ask(StartTotp, {});
  if (startTotp.__typename === 'TotpInUse') throw refused(startTotp);
  cli.output.note(`Add this secret to your authenticator app: ${startTotp.secret}\nOr open: ${startTotp.otpauthUri}`);
  for (;;) {
    const code = await cli.prompt.text('Six digits that the app shows now', { option: 'a terminal' });
    const { confirmTotp } = await session.ask(ConfirmTotp, { input: { code } });
    switch (confirmTotp.__typename) {
      case 'TotpConfirmed': {
        const { recoveryCodes } = confirmTotp;
        return cli.output.answer(
          { recoveryCodes, sessionsEnded: confirmTotp.sessionsEnded },
          () =>
            `The authenticator counts from now on. Recovery codes, each good once, shown this once:\n${recoveryCodes.join('\n')}\n`,
        );
      }
      case 'SecondFactorRefused':
        cli.output.note(confirmTotp.message);
        break;
      case 'TotpMissing':
        throw refused(confirmTotp);
    }
  }
}

export async function disableTotp(cli: Cli, options: { yes?: boolean }): Promise<void> {
  const session = await cli.session();
  await cli.prompt.consent('Disable the second factor? The password alone will do.', { yes: options.yes ?? false });
  const { disableTotp: disabled } = await session.ask(DisableTotp, {});
  switch (disabled.__typename) {
    case 'TotpDisabled':
      return cli.output.answer(
        { sessionsEnded: disabled.sessionsEnded },
        () => `Disabled the second factor. Ended ${counted(disabled.sessionsEnded, 'other session')}.\n`,
      );
    case 'TotpMissing':
      throw refused(disabled);
  }
}
