import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestApi } from '../../testing/index.js';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(() => api.stop());

it('makes the owner with the set-up code and knows the session afterwards, over HTTP and sockets', async () => {
  const { token } = await api.setUp();
  const me = `{ me { person { email } } }`;
  expect((await api.ask(me, { token })).data).toEqual({ me: { person: { email: 'owner@example.test' } } });
  const client = api.socket({ token });
  const results = client.iterate({ query: me });
  expect((await results.next()).value).toMatchObject({ data: { me: { person: { email: 'owner@example.test' } } } });
  await client.dispose();
});
