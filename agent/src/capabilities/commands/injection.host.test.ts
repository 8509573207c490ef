import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandArgumentsSchema, signFields } from '@pilothouse/protocol';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SETTINGS } from '../../kernel/settings.js';
import { BuiltAgent } from '../../testing/built-agent.js';
import { CommandHost } from './testing/command-host.js';
import { argv, sh, type CommandWish, type Delivery } from './testing/envelopes.js';
import { bundleRunner, removeBundles } from './testing/runner-bundle.js';

const isRoot = process.getuid?.() === 0;
const directory = mkdtempSync(join(tmpdir(), 'ph-injection-'));
/** The file that exists once a shell has read a value as its own text. */
const CANARY = `ph-canary-${randomBytes(6).toString('hex')}`;

/** Writes, each part ended by NUL: how many arguments it has, its command line as the kernel has it, where it is; then stdin. */
const WITNESS = `#!/bin/sh
printf '%s\\0' "$#"
cat "/proc/$$/cmdline"
readlink -n "/proc/$$/cwd"
printf '\\0'
cat
cat "/proc/$$/environ" >&2
`;

let runnerPath: string;
let host: CommandHost;
beforeAll(async () => {
  await chmod(directory, 0o755);
  await writeFile(join(directory, 'witness'), WITNESS, { mode: 0o755 });
  runnerPath = bundleRunner();
  host = await CommandHost.start({ runnerPath });
});
afterAll(removeBundles);
afterEach(() => {
  if (canaries().length > 0) throw new Error(`A value was executed: ${canaries().join(', ')}`);
});
afterAll(async () => {
  await host.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Wherever a value's text could have made the canary: any working directory that there is in these tests. */
function canaries(): string[] {
  const below = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(CANARY));
  const elsewhere = ['/', tmpdir(), homedir(), process.cwd(), host.stateDirectory].map((path) => join(path, CANARY));
  return [
    ...below.filter((path) => path.split('/').at(-1) === CANARY),
    ...elsewhere.filter((path) => existsSync(path)),
  ];
}

const MAKE = `touch ${CANARY}`;
const PAYLOADS = [
  ...[`; ${MAKE} ;`, `$(${MAKE})`, `\`${MAKE}\``, `\n${MAKE}\n`, `& ${MAKE} &`, `| ${MAKE} |:`, `&& ${MAKE} || :`],
  ...[`'; ${MAKE}; '`, `"; ${MAKE}; "`, `"$(${MAKE})"`, `'$(${MAKE})'`, `; touch \${PWD}/${CANARY} #`],
];
const PIECES = [
  ...[
    MAKE,
    ';',
    '$(',
    ')',
    '`',
    '\n',
    '\r',
    '\t',
    ' ',
    "'",
    '"',
    '\\',
    '-',
    '--',
    '-c',
    '*',
    '?',
    '[a-z]',
    '{a,b}',
    '~',
  ],
  ...['$HOME', '${IFS}', '$$', '&', '|', '>', '<', '#', '!', '=', '%s', '%n', ':', '..', 'ü', '\u202e', '\u{1f6a2}'],
];
const anything = fc.string({ unit: 'binary', maxLength: 4 });
const mixture = fc
  .array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...PIECES) }, anything), { maxLength: 12 })
  .map((pieces) => pieces.join(''));
/** Any text that could mean something to a shell or to the parser of a command line; NUL among it. */
const hostile = fc.oneof(
  fc.constantFrom(...PAYLOADS),
  mixture,
  mixture.map((text) => `-${text}`),
);
const withoutNul = hostile.map((text) => text.replaceAll('\0', ''));
const fileName = withoutNul
  .map((text) => text.replaceAll('/', ''))
  .filter((name) => !['', '.', '..'].includes(name) && Buffer.byteLength(name) <= 200);
const variableName = fc.stringMatching(/^V_[A-Za-z0-9_]{0,12}$/);

interface Values {
  operands: string[];
  environment: Record<string, string>;
  place: string;
  program: string;
  isByName: boolean;
  stdin: Uint8Array;
}
const values: fc.Arbitrary<Values> = fc.record({
  operands: fc.array(withoutNul, { maxLength: 5 }),
  environment: fc.dictionary(variableName, withoutNul, { maxKeys: 4 }),
  place: fileName,
  program: fileName,
  isByName: fc.boolean(),
  stdin: fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    hostile.map((text) => new TextEncoder().encode(text)),
  ),
});

/** Bytes as text of one character each, so that nothing is lost in comparing. */
const bytesOf = (text: string) => Buffer.from(text).toString('latin1');

/** Runs the witness, under a hostile name in a hostile place, and demands that it saw exactly what was asked for. */
async function expectToArrive({ operands, environment, place, program, isByName, stdin }: Values, user: string | null) {
  const room = mkdtempSync(join(directory, 'run-'));
  const workingDirectory = join(room, 'places', place);
  const path = join(room, program);
  await mkdir(workingDirectory, { recursive: true });
  await symlink(join(directory, 'witness'), path);
  for (const open of [room, workingDirectory]) await chmod(open, 0o777);
  const given = { ...environment, PATH: `${room}:/usr/bin:/bin` };
  const result = await host.run({
    program: argv(isByName ? program : path, ...operands),
    arguments: { workingDirectory, user, environment: given, stdin: Buffer.from(stdin).toString('base64') },
  });
  expect(result).toMatchObject({ state: 'SUCCEEDED', reason: null });
  const seen = (await host.outputOf(result)).toString('latin1').split('\0');
  const count = operands.length;
  expect(seen.slice(0, count + 4)).toEqual(
    [String(count), '/bin/sh', path, ...operands, workingDirectory].map((text) => bytesOf(text)),
  );
  expect(seen.slice(count + 4).join('\0')).toBe(Buffer.from(stdin).toString('latin1'));
  const variables = (await host.outputOf(result, 'STDERR')).toString('latin1').split('\0').slice(0, -1);
  const others = ['HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG'];
  expect(variables.filter((entry) => !others.includes(entry.split('=')[0] as string)).sort()).toEqual(
    Object.entries(given)
      .map(([name, value]) => bytesOf(`${name}=${value}`))
      .sort(),
  );
  expect(canaries()).toEqual([]);
  await rm(room, { recursive: true });
}

describe('every value of a command', () => {
  it('arrives at the program byte for byte, as one argument, variable, place or input', async () => {
    await fc.assert(
      fc.asyncProperty(values, (each) => expectToArrive(each, null)),
      { numRuns: 40 },
    );
  });

  it.runIf(isRoot)('arrives byte for byte at a program that runs as another user', async () => {
    const steering = fc.dictionary(fc.constantFrom('LD_NOTHING', 'TZDIR', 'NLSPATH'), withoutNul, { maxKeys: 2 });
    const asGames = fc
      .tuple(values, steering)
      .map(([each, more]) => ({ ...each, environment: { ...each.environment, ...more } }))
      .filter(({ program, environment }) => !program.includes('=') || Object.keys(environment).length === 0);
    await fc.assert(
      fc.asyncProperty(asGames, (each) => expectToArrive(each, 'games')),
      { numRuns: 25 },
    );
  });

  it('arrives byte for byte when it is the text of a script', async () => {
    await fc.assert(
      fc.asyncProperty(withoutNul, fc.constantFrom('sh', 'bash'), async (text, interpreter) => {
        const script = `cat "$0"; exit\n${text}`;
        const result = await host.run({ program: { type: 'script', interpreter, script } });
        expect((await host.outputOf(result)).toString('latin1')).toBe(bytesOf(script));
      }),
      { numRuns: 25 },
    );
  });

  it('starts nothing when it names a program, a place or a user that is not there, and says so', async () => {
    const absent = fc.oneof(
      fileName.map((name): CommandWish => ({ program: argv(name) })),
      fileName.map((name): CommandWish => ({ arguments: { workingDirectory: join(directory, name) } })),
      fc.stringMatching(/^[a-z_][a-z0-9_-]{20,31}\$?$/).map((user): CommandWish => ({ arguments: { user } })),
    );
    await fc.assert(
      fc.asyncProperty(absent, async (wish) => {
        const result = await host.run(wish);
        expect(['FAILED', 'VETOED']).toContain(result.state);
        expect(result.reason).toMatch(/^The (program|working directory|user|agent) .+/s);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a value that no program could be given', () => {
  const nul = fc.tuple(hostile, hostile).map(([before, after]) => `${before}\0${after}`);
  const noName = hostile.filter((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  const noUser = hostile.filter((name) => !/^[a-z_][a-z0-9_-]*\$?$/.test(name));
  const malformed = fc.oneof(
    nul.map((text) => ({ program: argv('true', text) })),
    nul.map((text) => ({ program: argv(text) })),
    nul.map((script) => ({ program: sh(script) })),
    hostile.map((interpreter) => ({ program: { type: 'script', script: 'true', interpreter } })),
    nul.map((value) => ({ environment: { VALUE: value } })),
    noName.map((name) => ({ environment: { [name]: 'value' } })),
    nul.map((place) => ({ workingDirectory: `/${place}` })),
    hostile.filter((place) => !place.startsWith('/')).map((workingDirectory) => ({ workingDirectory })),
    noUser.map((user) => ({ user })),
    withoutNul.map((text) => ({ stdin: `${text}!` })),
  );

  it('is refused in words before it is signed, and by the agent even when it was signed', async () => {
    await fc.assert(
      fc.asyncProperty(malformed, async (wrong) => {
        const delivery = host.signer.command({ program: argv('touch', join(directory, CANARY)) });
        const changed = changeArguments(delivery, wrong);
        const { error } = commandArgumentsSchema.safeParse(changed.arguments);
        expect(error?.issues[0]?.message).toMatch(/\w+ \w+/);
        await host.deliver(changed.delivery);
        const isIts = ({ commandId }: { commandId: string }) => commandId === delivery.deliveryId;
        expect(await host.frame((frame) => 'refused' in frame && isIts(frame.refused) && frame.refused.problem)).toBe(
          'MALFORMED',
        );
      }),
      { numRuns: 150 },
    );
  });

  /** As a signer would that does not look at what it signs. */
  function changeArguments({ deliveryId, envelope }: Delivery, wrong: object) {
    const { commandKey } = host.signer;
    const content = JSON.parse(envelope.bytes.toString()) as { intent: { arguments: object } };
    content.intent.arguments = { ...content.intent.arguments, ...wrong };
    const bytes = Buffer.from(JSON.stringify(content));
    const signature = signFields(commandKey, 'ph-cmd-v1', [commandKey.keyId, bytes]);
    return {
      arguments: content.intent.arguments,
      delivery: { deliveryId, envelope: { ...envelope, bytes, signature } },
    };
  }
});

describe('the agent itself', () => {
  it('runs commands from a state directory of any name that its setting takes', async () => {
    const { schema } = SETTINGS.stateDirectory;
    await fc.assert(
      fc.asyncProperty(
        fileName.filter((name) => schema.safeParse(`/${name}`).success),
        async (name) => {
          const other = await CommandHost.start({
            runnerPath,
            stateDirectory: join(mkdtempSync(`${directory}/`), name),
          });
          const result = await other.run({ program: sh('cat; printf "%s\\n" "$0"'), arguments: { stdin: 'aGkK' } });
          const script = join(other.stateDirectory, 'commands', result.commandId, 'script');
          expect((await other.outputOf(result)).toString()).toBe(`hi\n${script}\n`);
          await other.stop();
        },
      ),
      { numRuns: 8 },
    );
  });

  it('takes no setting and no word of its command line for anything else', async () => {
    const agent = await BuiltAgent.make();
    const pin = 'a'.repeat(64);
    const url = 'http://127.0.0.1:9';
    const enrol = (...options: string[]) => ({ args: ['enrol', ...options], settings: {} as Record<string, string> });
    const uses = withoutNul.chain((text) =>
      fc.constantFrom(
        enrol(`--url=${text}`, `--pin=${pin}`),
        enrol(`--url=http://127.0.0.1:9${text}`, `--pin=${pin}`),
        enrol(`--url=https://${text}`, `--pin=${pin}`),
        enrol(`--url=${url}`, `--pin=${text}`),
        enrol(`--url=${url}`, `--pin=${pin}`, `--token-file=${text}`),
        enrol(`--url=${url}`, `--pin=${pin}`, text),
        { args: ['run'], settings: { URL: `http://${text}` } },
        { args: ['run', `--config=${text}`], settings: {} },
        { args: ['run'], settings: { STATE_DIRECTORY: join(agent.directory, text) } },
        { args: [text], settings: {} },
      ),
    );
    await fc.assert(
      fc.asyncProperty(uses, async ({ args, settings }) => {
        const { exitCode, stderr } = await agent.run(args, `phe_${'x'.repeat(43)}\n`, settings);
        expect(exitCode).toBeGreaterThan(0);
        expect(stderr).toMatch(/\w+ \w+/);
      }),
      { numRuns: 14 },
    );
    await agent.remove();
  });
});

it('a shell that was given any of these payloads would have been noticed', async () => {
  for (const payload of PAYLOADS) {
    const room = mkdtempSync(join(directory, 'shell-'));
    for (const text of [`: ${payload}`, `: '${payload}'`, `: "${payload}"`]) {
      await host.run({ program: argv('sh', '-c', text), arguments: { workingDirectory: room } });
    }
    expect(canaries(), payload).toHaveLength(1);
    await rm(room, { recursive: true });
  }
});
