import { randomBytes, randomUUID } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { PASSWORD, type Answer, type ApiClient } from '../../testing/index.js';

/** Is no secret: it is found wherever a command's arguments are, so that a secret would be. */
export const CONTROL = 'control-of-the-arguments';

const OWNER = 'owner@example.test';
const SECOND = 'two@example.test';
const RUN = `mutation ($input: RunCommandInput!) { runCommand(input: $input) { __typename ... on Command { id } ... on Refusal { message } } }`;
const RUN_MANY = `mutation ($input: RunOnServersInput!) { runOnServers(input: $input) { __typename ... on Run { id } ... on Refusal { message } } }`;
const SAVE = `mutation ($input: CreateCommandTemplateInput!) { createCommandTemplate(input: $input) { __typename ... on CommandTemplate { id } ... on Refusal { message } } }`;
const CHANGE = `mutation ($input: UpdateCommandTemplateInput!) { updateCommandTemplate(input: $input) { __typename ... on Refusal { message } } }`;
const RERUN = `mutation ($input: RerunCommandInput!) { rerunCommand(input: $input) { __typename ... on Command { id } ... on Refusal { message } } }`;

const canary = (what: string) => `canary-${what}-${randomBytes(6).toString('hex')}`;

/** A day in the life of an installation with a secret of every kind, and with everything that goes wrong. */
export class SecretScenario {
  /** Every secret, by what it is. */
  readonly canaries: Record<string, string> = {};
  /** Every answer that is an error or refusal, as the client gets it. */
  readonly refusals: string[] = [];
  /** The owner's session of the moment. */
  token = '';

  constructor(
    private readonly api: ApiClient,
    /** As superuser. */
    private readonly sql: (text: string) => Promise<unknown>,
  ) {}

  async ask(query: string, variables: Record<string, unknown> = {}, token: string | undefined = this.token) {
    const answer = await this.api.ask(query, { variables, token: token === '' ? undefined : token });
    this.noteRefusal(answer);
    return answer;
  }

  async begin(code: string): Promise<void> {
    this.canaries['set-up code'] = code;
    this.canaries['password'] = PASSWORD;
    this.canaries['set-up code that is none'] = 'K7QX-M2PD-W9RT';
    const guess = { code: this.canaries['set-up code that is none'], email: OWNER, displayName: 'Owner' };
    await this.ask('mutation ($input: CompleteSetupInput!) { completeSetup(input: $input) { __typename } }', {
      input: { ...guess, password: PASSWORD, workspaceName: 'Home', client: 'CLI' },
    });
    this.canaries['session'] = await this.api.completeSetup(code);
    this.token = await this.api.stepUp(this.canaries['session']);
    this.canaries['session after confirming'] = this.token;
  }

  async people(): Promise<void> {
    const { data } = await this.ask(
      `mutation { createApiToken(input: { name: "ci", scopes: [READ], idempotencyKey: "1" }) { ... on ApiTokenCreated { token } } }`,
    );
    this.canaries['API token'] = data.createApiToken.token;
    await this.ask('{ workspace { id } }', {}, this.canaries['API token']);
    const invited = await this.ask(
      `mutation { inviteMember(input: { email: "${SECOND}", role: VIEWER, idempotencyKey: "1" }) { ... on MemberInvited { code } } }`,
    );
    this.canaries['invitation'] = invited.data.inviteMember.code;
    this.canaries['second password'] = canary('second-password');
    const accept = `mutation ($input: AcceptInvitationInput!) { acceptInvitation(input: $input) { __typename } }`;
    const input = { code: this.canaries['invitation'], displayName: 'Two', client: 'CLI' };
    await this.ask(accept, { input: { ...input, password: 'short' } });
    await this.ask(accept, { input: { ...input, password: this.canaries['second password'] } });
    await this.ask('{ invitationOffer(code: "canary-invitation-guess") { email } }');
  }

  async secondFactor(): Promise<void> {
    const { data } = await this.ask('mutation { startTotp { ... on TotpStarted { secret } } }');
    const secret: string = data.startTotp.secret;
    this.canaries['TOTP secret'] = secret;
    const generator = new TOTP({ secret: Secret.fromBase32(secret) });
    const confirm =
      'mutation ($code: String!) { confirmTotp(input: { code: $code }) { ... on TotpConfirmed { recoveryCodes } } }';
    const confirmed = await this.ask(confirm, { code: generator.generate() });
    const codes: string[] = confirmed.data.confirmTotp.recoveryCodes;
    codes.forEach((recoveryCode, i) => (this.canaries[`recovery code ${i}`] = recoveryCode));
    const stepUp = 'mutation ($input: StepUpInput!) { stepUp(input: $input) { __typename ... on SignedIn { token } } }';
    await this.ask(stepUp, { input: { password: PASSWORD, recoveryCode: 'AAAA-BBBB-CCCC' } });
    const confirmedAgain = await this.ask(stepUp, { input: { password: PASSWORD, recoveryCode: codes[0] } });
    this.token = confirmedAgain.data.stepUp.token;
    this.canaries['session after a recovery code'] = this.token;
  }

  /** Adds a server, and misuses its token. @returns what its agent is enrolled with. */
  async addServer(name: string): Promise<{ serverId: string; token: string; rootFingerprint: string }> {
    const { data } = await this.ask(
      `mutation ($input: CreateServerInput!) { createServer(input: $input) { ... on ServerEnrolment { server { id } enrolment { token rootFingerprint } } } }`,
      { input: { name, profile: 'FULL_ACCESS', idempotencyKey: name } },
    );
    const { server, enrolment } = data.createServer;
    this.canaries['enrolment token'] = enrolment.token;
    const response = await fetch(`${this.api.origin}/agent/enrol`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: enrolment.token, nonsense: true }),
    });
    this.refusals.push(await response.text());
    return { serverId: server.id, ...enrolment };
  }

  /** Commands, a run and a template with secrets: taken, refused, and failing inside. @returns ids of those taken. */
  async commands(serverId: string): Promise<string[]> {
    const command = this.secretCommand();
    const input = (more: object = {}) => ({
      input: { idempotencyKey: randomUUID(), serverId, command, whenOffline: 'DELIVER', ...more },
    });
    const taken = await this.ask(RUN, input());
    await this.ask(RUN, input({ command: { ...command, timeoutMs: -1 } }));
    await this.ask(RUN, input({ command: { ...command, unknown: true } }));
    await this.ask(RUN, input({ serverId: randomUUID() }));
    const many = { idempotencyKey: randomUUID(), target: { all: true }, command, whenOffline: 'DELIVER' };
    await this.ask(RUN_MANY, { input: many });
    const fromTemplate = await this.ask(RUN, input({ command: null, templateId: await this.template() }));
    // A failure inside, in the middle of storing it.
    await this.sql('alter table commands add constraint broken check (false) not valid');
    const failed = await this.ask(RUN, input());
    if (failed.code !== 'INTERNAL') throw new Error(`It did not fail: ${JSON.stringify(failed)}`);
    await this.sql('alter table commands drop constraint broken');
    const { id } = taken.data.runCommand;
    const again = await this.ask(RERUN, {
      input: { commandId: id, whenOffline: 'DELIVER', idempotencyKey: randomUUID() },
    });
    return [id, fromTemplate.data.runCommand.id, again.data.rerunCommand.id];
  }

  async mistakes(): Promise<void> {
    this.canaries['mistyped password'] = canary('mistyped-password');
    const signIn = 'mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }';
    const input = { email: OWNER, password: this.canaries['mistyped password'], client: 'CLI' };
    await this.ask(signIn, { input });
    await this.ask(signIn, { input: { ...input, client: undefined } });
    await this.ask(signIn, { input: { ...input, password: [input.password] } });
    await this.ask(signIn, { input: { ...input, email: input.password } });
    await this.ask(signIn, { input: { ...input, password: PASSWORD, totpCode: '000000' } });
    await this.ask('{ me { person { id } } }', {}, `${this.token.slice(0, -1)}!`);
    this.canaries['token in an address'] = canary('token-in-an-address');
    const response = await fetch(`${this.api.origin}/graphql?token=${this.canaries['token in an address']}`);
    this.refusals.push(await response.text());
    await this.sql('alter table sessions rename to gone');
    await this.ask('{ me { person { id } } }');
    await this.sql('alter table gone rename to sessions');
  }

  private secretCommand() {
    this.canaries['standard input'] ??= canary('standard-input');
    this.canaries['environment'] ??= canary('environment');
    return {
      argv: ['true', CONTROL],
      stdin: Buffer.from(this.canaries['standard input']).toString('base64'),
      environment: [{ name: 'SECRET', value: this.canaries['environment'] }],
    };
  }

  private async template(): Promise<string> {
    this.canaries['environment of a template'] = canary('template-environment');
    const environment = [{ name: 'SECRET', value: this.canaries['environment of a template'] }];
    const command = { argv: ['true', CONTROL], environment };
    const saved = await this.ask(SAVE, { input: { idempotencyKey: 'saved', name: 'Saved', command } });
    await this.ask(SAVE, { input: { idempotencyKey: 'twice', name: 'Saved', command } });
    const { id } = saved.data.createCommandTemplate;
    await this.ask(CHANGE, { input: { templateId: id, command: { argv: ['false'] } } });
    await this.ask(CHANGE, { input: { templateId: id, command: { ...command, timeoutMs: 5000 } } });
    return id;
  }

  private noteRefusal(answer: Answer): void {
    const [first] = Object.values((answer.data ?? {}) as object) as { __typename?: string; token?: string }[];
    const isRefusal = /Refus|Taken|Required|Needed|NotReady|Offline/.test(first?.__typename ?? '');
    if (answer.code || isRefusal) this.refusals.push(JSON.stringify(answer));
  }
}

/** A secret in whatever form it could be written somewhere, as text. */
export function formsOf(secret: string): string[] {
  const bare = secret.replaceAll('-', '');
  const plain = [secret, bare, encodeURIComponent(secret)];
  return [...new Set([...plain, ...encodingsOf(Buffer.from(secret)), ...encodingsOf(Buffer.from(bare))])];
}

/** Bytes as hexadecimal digits, and as base64 wherever in a longer value they begin. */
export function encodingsOf(bytes: Buffer): string[] {
  const hex = bytes.toString('hex');
  const base64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // What stands at the borders depends on what is beside it.
    return text.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 8) / 6));
  });
  return [hex, hex.toUpperCase(), ...base64, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
}
