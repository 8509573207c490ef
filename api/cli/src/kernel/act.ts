import type { Cli } from './cli.js';

/**
 * Makes a command's action out of a function of this program. The function gets the invocation, then what commander
 * gives: arguments, options.
 */
// Commander's own arguments are untyped; each function states the shape that its command declares.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Act = (perform: (cli: Cli, ...given: any[]) => Promise<void>) => (...given: unknown[]) => Promise<void>;
