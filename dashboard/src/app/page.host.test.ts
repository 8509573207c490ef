import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { POLL_SECONDS } from '../features/installation/use-installation.js';
import { openScene, type Scene } from '../testing/standalone-dashboard.js';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe('the first page [needs chromium]', () => {
  let browser: Browser;
  let scene: Scene;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS });
  });
  afterAll(() => browser.close());
  beforeEach(async () => void (scene = await openScene()));
  afterEach(async () => {
    await page?.context().close();
    await scene.close();
  });

  async function open(options: BrowserContextOptions = {}, path = '/') {
    const context = await browser.newContext(options);
    page = await context.newPage();
    complaints = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.clock.install();
    return page.goto(`${scene.origin}${path}`);
  }

  const status = () => page.getByRole('status');
  const line = () => page.getByText('npx pilothouse setup');
  const nextPoll = () => page.clock.runFor(POLL_SECONDS * 1000);

  test('shows name, health, version and, until an owner exists, the line to continue with', async () => {
    await open();
    await page.getByRole('heading', { name: 'Pilothouse' }).waitFor();
    await line().waitFor();
    expect(await line().innerText()).toBe(`npx pilothouse setup --url ${scene.origin}`);
    expect(await status().innerText()).toMatch(/The control plane is healthy\s+Version 1\.2\.3/);
    expect(complaints).toEqual([]);
  });

  test('shows the ways in once set-up is complete, without being loaded again', async () => {
    await open();
    await line().waitFor();
    scene.setupCompleted = true;
    await nextPoll();
    await line().waitFor({ state: 'detached' });
    expect(await page.locator('main').innerText()).toMatch(
      /^Pilothouse\s+●\s+The control plane is healthy\s+Version 1\.2\.3\s+Operate it in a terminal with npx pilothouse\b.* \/graphql\.$/,
    );
  });

  test('asks no more about set-up once it is complete', async () => {
    scene.setupCompleted = true;
    await open();
    await status().getByText('healthy').waitFor();
    const asked = () => scene.requested.filter((path) => path === '/graphql').length;
    expect(asked()).toBe(1);
    scene.health = { status: 'ok', version: '1.2.4' };
    await nextPoll();
    await status().getByText('Version 1.2.4').waitFor();
    expect(asked()).toBe(1);
  });

  test('says that it is checking while there is no answer yet', async () => {
    const answer = scene.holdHealth();
    await open();
    await status().getByText('Checking the control plane').waitFor();
    answer();
    await status().getByText('The control plane is healthy').waitFor();
  });

  test('says what to do when the control plane does not answer, and notices when it is back', async () => {
    await open();
    await line().waitFor();
    await scene.stopControlPlane();
    await nextPoll();
    await status().getByText('The control plane does not answer').waitFor();
    expect(await status().innerText()).toMatch(/No answer since \d\d:\d\d:\d\d\. .* npm start/);
    expect(await line().count()).toBe(0);
    await scene.startControlPlane();
    await nextPoll();
    await status().getByText('The control plane is healthy').waitFor();
  });

  test('tells a control plane that runs without its database from a healthy one', async () => {
    scene.health = { status: 'degraded', version: '1.2.3' };
    await open();
    await status().getByText('The control plane is degraded').waitFor();
  });

  test('shows a version as text, whatever it says', async () => {
    scene.health = { status: 'ok', version: '<img src=x onerror="document.title=1">' };
    await open();
    await status().getByText('<img src=x').waitFor();
    expect(await page.title()).toBe('Pilothouse');
  });

  test.each(['/', '/no-such-page'])(
    '%s runs no script and no style but its own, and asks nobody else',
    async (path) => {
      const response = await open({}, path);
      const policy = response?.headers()['content-security-policy'] ?? '';
      expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'nonce-[\w+/=]{24}'; /);
      expect(policy).not.toContain('unsafe');
      await page.waitForLoadState('networkidle');
      await page.evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'document.title = "taken over"';
        document.body.append(script);
        document.body.insertAdjacentHTML('beforeend', '<img src="/nothing" onerror="document.title = 1">');
      });
      await page.waitForLoadState('networkidle');
      expect(await page.title()).toBe('Pilothouse');
      expect(
        scene.foreign(await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name))),
      ).toEqual([]);
    },
  );

  test('gives every page another nonce', async () => {
    const nonceOf = async () =>
      /nonce-([^']+)/.exec((await fetch(scene.origin)).headers.get('content-security-policy') ?? '')?.[1];
    const nonces = await Promise.all([nonceOf(), nonceOf(), nonceOf()]);
    expect(new Set(nonces).size).toBe(3);
    expect(nonces).not.toContain(undefined);
  });

  test.each([
    ['light', 1280],
    ['light', 390],
    ['dark', 1280],
    ['dark', 390],
  ] as const)('fits and can be read, %s at %i px', async (colorScheme, width) => {
    await open({ colorScheme, viewport: { width, height: 800 } });
    await line().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(ground).toBe(colorScheme === 'light' ? 'rgb(246, 247, 249)' : 'rgb(15, 18, 22)');
  });
});
