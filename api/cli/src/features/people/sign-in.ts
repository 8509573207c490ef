import type { Cli } from '../../kernel/cli.js';
import { certificatePin } from '../../kernel/address.js';
import { CliError, EXIT, refused } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import { CheckSetupCode, CompleteSetup, SetupState, SignIn, SignOut } from './people.operations.js';
import { firstMachine, type Machine } from '../servers/first-machine.js';
import { noOwnerYet } from './identification.js';
import { askSecondFactor, secondFactorOf, type SecondFactor } from './second-factor.js';

export interface LoginOptions {
  email?: string;
  code?: string;
  pin?: string;
}

export async function login(cli: Cli, options: LoginOptions): Promise<void> {
  const session = await cli.anonymousSession(options.pin);
  const { setup } = await session.ask(SetupState, {});
  if (!setup.completed) throw noOwnerYet(await cli.origin());
  const email = options.email ?? (await cli.prompt.text('E-mail', { option: '--email' }));
  const password = await cli.prompt.password();
  let factor: SecondFactor = options.code === undefined ? {} : secondFactorOf(options.code);
  for (;;) {
    const { signIn } = await session.ask(SignIn, { input: { email, password, client: 'CLI', ...factor } });
    switch (signIn.__typename) {
      case 'SignedIn': {
        await keepSession(cli, signIn, options.pin);
        const document = { url: await cli.origin(), person: signIn.person };
        return cli.output.answer(document, () => `Signed in to ${document.url} as ${signIn.person.email}.\n`);
      }
      case 'SecondFactorRequired':
        factor = await askSecondFactor(cli);
        break;
      case 'SignInRefused':
      case 'SecondFactorRefused':
        throw refused(signIn, EXIT.notSignedIn);
    }
  }
}

export interface SetupOptions {
  code?: string;
  name?: string;
  email?: string;
  workspaceName?: string;
  pin?: string;
}

/** Makes the owner and the first workspace, and signs in. */
export async function setUp(cli: Cli, options: SetupOptions): Promise<void> {
  const session = await cli.anonymousSession(options.pin);
  const { setup } = await session.ask(SetupState, {});
  if (setup.completed) throw await setUpAlready(cli);
  const { prompt } = cli;
  const code =
    options.code ?? (await prompt.text('Set-up code, as the control plane printed it', { option: '--code' }));
  // Before the other questions: nobody wants to answer them all to learn that the first answer was wrong.
  const { checkSetupCode: checked } = await session.ask(CheckSetupCode, { input: { code } });
  if (checked.__typename === 'SetupRefused') throw await setUpRefusal(cli, checked);
  const displayName = options.name ?? (await prompt.text('Your name', { option: '--name' }));
  const email = options.email ?? (await prompt.text('E-mail', { option: '--email' }));
  const workspaceName =
    options.workspaceName ?? (await prompt.text('Name of the workspace', { option: '--workspace-name' }));
  const password = await prompt.newPassword();
  const { completeSetup } = await session.ask(CompleteSetup, {
    input: { client: 'CLI', code, displayName, email, password, workspaceName },
  });
  switch (completeSetup.__typename) {
    case 'SignedIn': {
      await keepSession(cli, completeSetup, options.pin);
      const document = { url: await cli.origin(), person: completeSetup.person, workspaceName };
      const machine = await firstMachine(session);
      return cli.output.answer(
        { ...document, server: machine },
        () =>
          `Pilothouse is yours, ${displayName}. You are signed in.\n${machineText(machine)}Next: ${CALLED} servers\n`,
      );
    }
    case 'SetupRefused':
      throw await setUpRefusal(cli, completeSetup);
  }
}

async function setUpRefusal(
  cli: Cli,
  refusal: { completed: boolean; code: string; message: string },
): Promise<CliError> {
  return refusal.completed ? setUpAlready(cli) : refused(refusal, EXIT.notSignedIn);
}

async function setUpAlready(cli: Cli): Promise<CliError> {
  const advice = `Sign in with ${CALLED} login, or name another control plane with --url.`;
  return new CliError(`${await cli.origin()} is set up already. ${advice}`, EXIT.general, 'SETUP_REFUSED');
}

function machineText(machine: Machine | null): string {
  if (!machine) return '';
  if (machine.state === 'ONLINE') return `${machine.name}, the machine that Pilothouse runs on, is online.\n`;
  return `${machine.name}, the machine that Pilothouse runs on, comes online in a moment: ${CALLED} servers watch\n`;
}

export async function logout(cli: Cli): Promise<void> {
  if (cli.environment.token !== null) {
    throw new CliError('PILOTHOUSE_TOKEN is set, which signs nobody in or out. Unset it first.', EXIT.usage);
  }
  const session = await cli.anonymousSession();
  try {
    if (session.isSignedIn) await session.ask(SignOut, {});
  } finally {
    // Also when the control plane cannot be reached: the token must not stay here.
    await cli.remember({ token: null, workspaceId: null });
  }
  await cli.output.answer({ signedOut: true }, () => 'Signed out.\n');
}

async function keepSession(
  cli: Cli,
  signedIn: { token?: string | null; person: { email: string } },
  pin: string | undefined,
): Promise<void> {
  if (signedIn.token == null) throw new CliError('The control plane gave no token for this program.');
  (await cli.anonymousSession()).continueWith(signedIn.token);
  await cli.remember({
    token: signedIn.token,
    email: signedIn.person.email,
    workspaceId: null,
    ...(pin !== undefined && { pin: certificatePin(pin) }),
  });
}
