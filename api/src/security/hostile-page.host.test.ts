import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, TestApi } from '../testing/index.js';

const CHROMIUM = '/usr/bin/chromium';
const PAGE = readFileSync(new URL('testing/hostile-page.html', import.meta.url), 'utf8');
const COOKIE = 'pilothouse';
const SIGN_IN = `mutation ($input: SignInInput!) { signIn(input: $input) { __typename } }`;
/** What the page tries: a change that leaves a row behind. */
const CHANGE = 'mutation { createServerGroup(input: { name: "planted", idempotencyKey: "planted" }) { __typename } }';
const BODY = JSON.stringify({ query: CHANGE });

/**
 * A page that somebody opens who is signed in, in a real browser. It comes from another port of the same host, to which
 * browsers give the cookies of this one, and from another site.
 *
 * Every socket path with every origin that is almost ours is in `origins.api.test.ts`, the cookie in
 * `features/people/credentials.api.test.ts`.
 */
describe.skipIf(!existsSync(CHROMIUM))('a hostile page [needs chromium]', () => {
  let api: TestApi;
  let graphql: string;
  let browser: Browser;
  let server: Server;
  let context: BrowserContext;
  let page: Page;
  /** Of the requests to the page's own server. */
  const cookiesGiven: string[] = [];

  beforeAll(async () => {
    api = await TestApi.start({ explorer: true });
    graphql = `${api.origin}/graphql`;
    await api.setUp();
    server = createServer((request, response) => {
      cookiesGiven.push(request.headers.cookie ?? '');
      response.setHeader('content-type', 'text/html');
      response.end(PAGE);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath: CHROMIUM, args });
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await api?.stop();
  });

  beforeEach(async () => {
    const input = { email: 'owner@example.test', password: PASSWORD, client: 'BROWSER' };
    const { cookie = '' } = await api.ask(SIGN_IN, { variables: { input } });
    const value = cookie.slice(COOKIE.length + 1, cookie.indexOf(';'));
    const { hostname } = new URL(api.origin);
    context = await browser.newContext();
    await context.addCookies([
      { name: COOKIE, value, domain: hostname, path: '/', httpOnly: true, sameSite: 'Strict' },
    ]);
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
  });
  afterEach(async () => {
    await context.close();
    await api.sql('delete from server_groups');
  });

  const isPlanted = async () => (await api.sql(`select 1 from server_groups where name = 'planted'`)).length > 0;
  const open = (host: string) => page.goto(`http://${host}:${(server.address() as AddressInfo).port}/`);
  /** Calls a function of the page. */
  const run = (name: string, ...given: unknown[]) =>
    page.evaluate(`${name}(${given.map((each) => JSON.stringify(each)).join(', ')})`);

  it('would do it all if it were ours, so that nothing below fails for another reason', async () => {
    await page.goto(`${graphql}?explorer`, { waitUntil: 'commit' });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: BODY };
    await page.evaluate(`fetch('/graphql', ${JSON.stringify(init)}).then((response) => response.text())`);
    expect(await isPlanted()).toBe(true);
  });

  describe.each([
    ['another port of the same host', '127.0.0.1'],
    ['another site', 'localhost'],
  ])('of %s', (_place, host) => {
    beforeEach(() => open(host));

    it('changes and reads nothing by any kind of request that scripts can send', async () => {
      expect(await run('tryRequests', { url: graphql, body: BODY, change: CHANGE })).toEqual([]);
      expect(await isPlanted()).toBe(false);
    });

    it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
      'changes nothing by a form of %s',
      async (enctype) => {
        const sent = run('submitForm', { url: graphql, enctype, body: BODY, change: CHANGE });
        await Promise.all([page.waitForURL(`${graphql}**`), sent]);
        expect(await isPlanted()).toBe(false);
      },
    );

    it('changes nothing by sending the whole window to an address', async () => {
      const url = `${graphql}?query=${encodeURIComponent(CHANGE)}`;
      await Promise.all([page.waitForURL(`${graphql}**`), run('location.assign', url)]);
      expect(await isPlanted()).toBe(false);
    });

    it.each(['/graphql', '/agent'])('opens no socket on %s', async (path) => {
      expect(await run('openSocket', `${api.origin.replace('http', 'ws')}${path}`)).toBe(1006);
    });

    it.each(['/', '/graphql?explorer'])('shows nothing of %s inside itself', async (path) => {
      await run('loads', 'iframe', `${api.origin}${path}`);
      const frames = page.frames().filter((frame) => frame !== page.mainFrame());
      await Promise.all(frames.map((frame) => frame.waitForURL('chrome-error://chromewebdata/')));
      expect(frames).toHaveLength(1);
    });

    it('does not see the cookie', async () => {
      expect(await page.evaluate('document.cookie')).toBe('');
    });
  });

  it('of another site is not given the cookie by the browser, and of another port is', async () => {
    for (const [host, isGiven] of [
      ['localhost', false],
      ['127.0.0.1', true],
    ] as const) {
      cookiesGiven.splice(0);
      await open(host);
      expect(cookiesGiven.some((cookie) => cookie.includes(COOKIE))).toBe(isGiven);
    }
  });
});
