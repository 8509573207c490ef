import type { Cli } from '../../kernel/cli.js';
import { refused } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import { counted, relativeTime } from '../../ui/times.js';
import { quoted } from '../commands/quoted.js';
import { findServer } from './find-server.js';
import { AcknowledgeIntegrityAlert } from './servers.operations.js';

interface IntegrityAlert {
  raisedAt: string;
  reason: string;
  commandId: string;
  count: number;
}

export interface AlertedServer {
  name: string;
  integrityAlert?: IntegrityAlert | null;
}

/** A warning line for each server that has an alert. */
export function alertLines({ output }: Cli, servers: readonly AlertedServer[]): string {
  return servers
    .flatMap(({ name, integrityAlert }) =>
      integrityAlert ? [output.line([{ text: `▲ ${name}: ${alertText(integrityAlert)}`, tone: 'bad' }])] : [],
    )
    .join('');
}

/** The warning of one server, with what to do about it. */
export function alertAdvice(cli: Cli, server: AlertedServer): string {
  if (!server.integrityAlert) return '';
  return [
    alertLines(cli, [server]),
    'Somebody may have changed what is stored for this server, or what is sent to it. Look into it,\n',
    `  ${CALLED} audit --target ${server.integrityAlert.commandId}\n`,
    `  ${CALLED} audit verify\n`,
    'then take the warning away:\n',
    `  ${CALLED} servers acknowledge ${quoted([server.name])}\n`,
  ].join('');
}

export async function acknowledgeAlert(cli: Cli, given: string): Promise<void> {
  const session = await cli.session();
  const { id } = await findServer(session, given);
  const { acknowledgeIntegrityAlert: answer } = await session.ask(AcknowledgeIntegrityAlert, {
    input: { serverId: id },
  });
  switch (answer.__typename) {
    case 'Server':
      return cli.output.answer(answer, () => `Acknowledged the integrity alert of ${answer.name}.\n`);
    case 'NoIntegrityAlert':
      throw refused(answer);
  }
}

function alertText({ count, raisedAt, reason }: IntegrityAlert): string {
  const refusals = `its agent has refused ${counted(count, 'instruction')} as not genuine`;
  return `${refusals}${count === 1 ? '' : ', the first'} ${relativeTime(raisedAt)}. ${reason}`;
}
