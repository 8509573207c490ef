import { createServer } from 'node:http';
import { keepStart, note, variables } from './events.js';

/** Stands in for Next's server: takes its place and its port as that does. */
keepStart('dashboard');
createServer((_request, response) => response.end('page')).listen(Number(variables['PORT']), '127.0.0.1', () => {
  note('dashboard began');
});
process.on('SIGTERM', () => {
  note('dashboard ended');
  process.exit(0);
});
