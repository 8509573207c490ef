/**
 * Preloaded into dependency-cruiser 17, whose swc parser takes every file for plain TypeScript and stops at the first
 * JSX element (its issue 1081). Version 18 has that right but needs Node 22; with it this file can go.
 */
const swc = require('@swc/core');

const { parseFileSync } = swc;
/** @type {(path: string, options?: import('@swc/core').ParseOptions) => import('@swc/core').Module} */
const parseFileByExtension = (path, options) =>
  parseFileSync(path, { ...options, syntax: 'typescript', tsx: path.endsWith('.tsx') });
Object.assign(swc, { parseFileSync: parseFileByExtension });
