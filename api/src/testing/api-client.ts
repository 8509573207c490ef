import { createClient, type Client as SocketClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { trustingFetch, type Send } from './trusting-fetch.js';

export const PASSWORD = 'correct horse battery staple';

/** What one operation answered. */
export interface Answer {
  status: number;
  // The shape of the data is the test's own document.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: any;
  code: string | undefined;
  message: string | undefined;
  cookie: string | undefined;
}

export interface AskOptions {
  variables?: Record<string, unknown>;
  token?: string | undefined;
  workspaceId?: string;
  headers?: Record<string, string>;
}

/** A client of the public API that shows everything of an answer. */
export class ApiClient {
  origin!: string;
  /** PEM, where no public authority signed the api's certificate. */
  certificate: string | null = null;

  /** One operation over HTTP. */
  async ask(query: string, { variables = {}, token, workspaceId, headers = {} }: AskOptions = {}): Promise<Answer> {
    const send: Send = this.certificate === null ? fetch : trustingFetch(this.certificate);
    const response = await send(`${this.origin}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token && { authorization: `Bearer ${token}` }),
        ...(workspaceId && { 'pilothouse-workspace': workspaceId }),
        ...headers,
      },
      body: JSON.stringify({ query, variables }),
    });
    const body = (await response.json()) as {
      data?: unknown;
      errors?: { message: string; extensions?: { code?: string } }[];
    };
    const [error] = body.errors ?? [];
    return {
      status: response.status,
      data: body.data,
      code: error?.extensions?.code,
      message: error?.message,
      cookie: response.headers.get('set-cookie') ?? undefined,
    };
  }

  /** A graphql-ws client, for queries, mutations and subscriptions alike. */
  socket(params: Record<string, unknown> = {}, headers: Record<string, string> = {}): SocketClient {
    const ca = this.certificate ?? undefined;
    const WebSocketImpl = class extends WebSocket {
      constructor(address: string, protocols?: string | string[]) {
        super(address, protocols, { headers, ...(ca !== undefined && { ca }) });
      }
    };
    return createClient({
      url: `${this.origin.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocketImpl,
      connectionParams: params,
      retryAttempts: 0,
      lazy: true,
    });
  }

  /** Makes the owner as a person would. @returns the owner's session token. */
  async completeSetup(code: string, email = 'owner@example.test'): Promise<string> {
    const input = { code, email, displayName: 'Owner', password: PASSWORD, workspaceName: 'Home', client: 'CLI' };
    const { data, message } = await this.ask(
      `mutation ($input: CompleteSetupInput!) { completeSetup(input: $input) { __typename ... on SignedIn { token } ... on Refusal { message } } }`,
      { variables: { input } },
    );
    if (!data?.completeSetup.token) throw new Error(`Set-up failed: ${message ?? JSON.stringify(data)}`);
    return data.completeSetup.token;
  }

  /** Confirms with the password. @returns the session's new token. */
  async stepUp(token: string): Promise<string> {
    const { data, message } = await this.ask(
      `mutation ($input: StepUpInput!) { stepUp(input: $input) { __typename ... on SignedIn { token } ... on Refusal { message } } }`,
      { token, variables: { input: { password: PASSWORD } } },
    );
    if (!data?.stepUp.token) throw new Error(`Step-up failed: ${message ?? JSON.stringify(data)}`);
    return data.stepUp.token;
  }
}
