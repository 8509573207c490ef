import type { Command } from 'commander';
import type { Act } from '../../kernel/act.js';
import { changePassword, disableTotp, enableTotp, whoAmI } from './account.js';
import { listSessions, revokeAllSessions, revokeSession } from './sessions.js';
import { login, logout, setUp } from './sign-in.js';

const PIN = ['--pin <sha256>', 'fingerprint of the certificate to accept, as the control plane printed it'] as const;

export function registerPeople(program: Command, act: Act): void {
  program
    .command('setup')
    .description('make the owner and the first workspace of a new control plane')
    .option('--code <code>', 'set-up code that the control plane printed')
    .option('--name <name>', 'your name')
    .option('--email <address>', 'your e-mail address')
    .option('--workspace-name <name>', 'name of the first workspace')
    .option(...PIN)
    .action(act(setUp));
  program
    .command('login')
    .description('sign in, and remember the session')
    .option('--email <address>', 'your e-mail address')
    .option('--code <code>', 'second factor: six digits of the app, or a recovery code')
    .option(...PIN)
    .action(act(login));
  program.command('logout').description('end this session and forget it').action(act(logout));
  program.command('whoami').description('show who is signed in, where and as what').action(act(whoAmI));
  program.command('password').description('change your password; ends your other sessions').action(act(changePassword));

  const totp = program.command('totp').description('authenticator app as second factor');
  totp.command('enable').description('make an authenticator app your second factor').action(act(enableTotp));
  totp
    .command('disable')
    .description('go back to the password alone')
    .option('--yes', 'do not ask')
    .action(act(disableTotp));

  const sessions = program.command('sessions').description('your sign-ins that have not ended');
  sessions.command('list', { isDefault: true }).description('list them, the newest first').action(act(listSessions));
  sessions.command('revoke <session>').description('end one of them').action(act(revokeSession));
  sessions
    .command('revoke-all')
    .description('end all of them, this one too')
    .option('--yes', 'do not ask')
    .action(act(revokeAllSessions));
}
