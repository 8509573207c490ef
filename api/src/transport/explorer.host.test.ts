import { chromium, type Browser } from 'playwright-core';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestApi } from '../testing/index.js';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start({ explorer: true });
});
afterAll(() => api.stop());

it('gives programs JSON and does not exist unless it was asked for', async () => {
  const plain = await TestApi.start();
  for (const { origin } of [api, plain]) {
    const response = await fetch(`${origin}/graphql?query=%7B__typename%7D`, {
      headers: { accept: 'application/json', 'apollo-require-preflight': '1' },
    });
    expect(await response.json()).toEqual({ data: { __typename: 'Query' } });
  }
  const page = await fetch(`${plain.origin}/graphql`, { headers: { accept: 'text/html' } });
  const text = await page.text();
  expect(text).not.toContain('graphiql');
  expect(text).toContain('start Pilothouse with NODE_ENV=development and open this address again');
  await plain.stop();
});

describe.skipIf(!existsSync(CHROMIUM))('in a browser [needs chromium]', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(() => browser.close());

  it('runs a query and asks no other host for anything', async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    // The page is one file of 9 MB: a busy machine needs its time for it.
    page.setDefaultTimeout(100_000);
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(api.origin) && !/^(data|blob):/.test(request.url())) elsewhere.push(request.url());
    });
    await page.goto(`${api.origin}/graphql?explorer`);
    await page.locator('.graphiql-query-editor').click();
    // The query that is there already is answered to anybody, and says where a token goes.
    await page.keyboard.press('Control+Enter');
    await page.locator('.result-window').getByText('completed').waitFor();
    await page.keyboard.press('Control+A');
    // The editor closes the braces.
    await page.keyboard.type('{ setup { __typename');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Enter');
    await page.locator('.result-window').getByText('SetupState').waitFor();
    expect(elsewhere).toEqual([]);
  }, 120_000);
});
