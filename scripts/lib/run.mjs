import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

/** A child process that did not end with code 0. Its own output has already told the reader why. */
export class CommandFailed extends Error {
  /**
   * @param {string} command
   * @param {string} outcome
   */
  constructor(command, outcome) {
    super(`${command} ${outcome}`);
    this.name = 'CommandFailed';
  }
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd] the clone, where not given
 * @property {NodeJS.ProcessEnv} [env] added to this process's environment
 * @property {boolean} [quiet] shows the output only when the program fails
 * @property {string} [calledAs] its name in an error message
 */

/**
 * Runs a program with this terminal's output and waits for it.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<void>}
 * @throws {CommandFailed} when it cannot be started or ends with another code than 0
 */
export function run(program, args, { cwd = root, env, quiet = false, calledAs = program } = {}) {
  return new Promise((resolve, reject) => {
    const output = quiet ? 'pipe' : 'inherit';
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', output, output] });
    /** @type {Buffer[]} */
    const kept = [];
    child.stdout?.on('data', (chunk) => kept.push(chunk));
    child.stderr?.on('data', (chunk) => kept.push(chunk));
    child.on('error', (error) => reject(new CommandFailed(calledAs, `could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve();
      process.stderr.write(Buffer.concat(kept));
      reject(new CommandFailed(calledAs, signal ? `was ended by ${signal}` : `ended with code ${code}`));
    });
  });
}

/**
 * Runs an installed package's program with this Node.
 *
 * @param {string} program as it is called in `node_modules/.bin`
 * @param {readonly string[]} args
 * @param {RunOptions} [options]
 */
export function runBin(program, args, options) {
  return run(process.execPath, [binPath(program), ...args], { calledAs: program, ...options });
}

/**
 * Path of an installed package's program, wherever in the workspaces npm put it.
 *
 * @param {string} program
 */
export function binPath(program) {
  const path = ['.', 'api', 'dashboard']
    .map((workspace) => join(root, workspace, 'node_modules/.bin', program))
    .find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(`${program} is not installed.`);
  return path;
}
