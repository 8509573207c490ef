import type { CommandOutputSubscription } from '../../gql/graphql.js';
import type { Cli } from '../../kernel/cli.js';
import type { Session } from '../../kernel/session.js';
import { byteText } from '../../ui/figures.js';
import { writeAll } from '../../ui/write-all.js';
import { CommandOutput } from './commands.operations.js';

export type OutputItem = CommandOutputSubscription['commandOutput'];

/** A command's output from its beginning, live until its last piece, over connections that break. */
export function followOutput(session: Session, commandId: string): AsyncGenerator<OutputItem, void> {
  return session.follow(CommandOutput, {
    variables: (afterSeq) => ({ commandId, afterSeq }),
    item: ({ commandOutput }) => commandOutput,
    afterSeq: null,
  });
}

/**
 * Passes a piece on: the bytes unchanged to the stream of the same name, and on stderr what was not kept. With `--json`
 * a line for each of the two.
 */
export async function passOn(cli: Cli, { seq, stream, data, missingBytes }: OutputItem): Promise<void> {
  if (missingBytes > 0) {
    if (cli.output.json) await cli.output.event({ type: 'gap', beforeSeq: seq, missingBytes }, () => '');
    else cli.output.note(`[${byteText(missingBytes)} of output were not kept here]`);
  }
  if (stream == null) return;
  if (cli.output.json) return cli.output.event({ type: 'output', seq, stream, dataBase64: data }, () => '');
  await writeAll(stream === 'STDOUT' ? process.stdout : process.stderr, Buffer.from(String(data), 'base64'));
}
