import { createServer } from 'node:http';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ToParent } from '../../../process/parent.js';
import { keepStart, note, variables } from './events.js';

/** Stands in for the api: says what it says, and does on request what goes wrong. */
const { PILOTHOUSE_LISTEN: listen = '', PILOTHOUSE_STATE_DIR: stateDir = '' } = variables;
const [host, port] = listen.split(':');
const ownerFile = join(stateDir, 'owner');
const tell = (message: ToParent) => process.send?.(message);
const offer = () => tell({ type: 'local-enrolment', token: 'the-token', url: `http://${listen}`, pin: 'f'.repeat(64) });

keepStart('api');
if (existsSync(join(stateDir, 'broken'))) {
  console.error('The key file is missing.');
  process.exit(1);
}
const server = createServer((request, response) => {
  if (request.url === '/die') process.exit(3);
  if (request.url === '/set-up') {
    writeFileSync(ownerFile, '');
    tell({ type: 'setup-code', code: null });
    offer();
  }
  response.end('ok');
});
server.listen(Number(port), host, () => {
  note('api began');
  console.error('Listening');
  tell({ type: 'setup-code', code: existsSync(ownerFile) ? null : 'ABCD-EFGH-JKMN' });
  tell({ type: 'listening' });
});
process.on('message', () => {
  note('api was asked for a token');
  offer();
});
process.on('SIGTERM', () => {
  note('api ended');
  if (existsSync(join(stateDir, 'stubborn'))) return;
  process.exit(0);
});
