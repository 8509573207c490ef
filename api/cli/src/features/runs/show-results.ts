import type { Cli } from '../../kernel/cli.js';
import { CALLED } from '../../kernel/environment.js';
import { safeLine, safeText } from '../../ui/safe-text.js';
import { COMMAND_STATES } from '../../ui/state-words.js';
import { counted } from '../../ui/times.js';
import type { ResultGroup } from './group-results.js';

/** Lines of each group's output that are shown; the rest is a command away. */
const SHOWN_LINES = 20;

/** Results for people: how it ended, where, and what was written. */
export function resultsText({ output: { paint } }: Cli, groups: readonly ResultGroup[]): string {
  return groups
    .map(({ state, exitCode, results }) => {
      const [sample] = results;
      const { glyph, word, tone } = COMMAND_STATES[state];
      const end = exitCode === null ? word : `${word}, exit ${exitCode}`;
      const title = paint(`${glyph} ${counted(results.length, 'server')} ${end}`, tone);
      const names = results.map(({ serverName }) => safeLine(serverName)).join(' ');
      const reason = sample.reason === null ? [] : [`  ${safeLine(sample.reason)}`];
      return [title, `  ${names}`, ...reason, ...outputLines(sample, paint)].map((line) => `${line}\n`).join('');
    })
    .join('\n');
}

function outputLines({ output, commandId }: ResultGroup['results'][0], paint: Cli['output']['paint']): string[] {
  const { stdout, stderr, isCut } = output;
  const lines = [...linesOf(stdout), ...linesOf(stderr)];
  const shown = lines.slice(0, SHOWN_LINES).map((line) => `  │ ${line}`);
  const hasMore = isCut || lines.length > SHOWN_LINES;
  return hasMore ? [...shown, paint(`  │ … all of it: ${CALLED} logs ${commandId}`, 'idle')] : shown;
}

function linesOf(text: string): string[] {
  return text === '' ? [] : safeText(text.replaceAll('\r\n', '\n').replace(/\n$/, '')).split('\n');
}

/** Results for programs: every group with its output, every server in it. */
export function resultsDocument(groups: readonly ResultGroup[]): unknown {
  return groups.map(({ state, exitCode, results }) => {
    const [{ output }] = results;
    return {
      state,
      exitCode,
      stdout: output.stdout,
      stderr: output.stderr,
      outputIsCut: output.isCut,
      results: results.map(({ output: _, ...result }) => result),
    };
  });
}
