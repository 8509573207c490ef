import { RawSocket } from './raw-socket.js';

export interface ClientError {
  message: string;
  path?: readonly (string | number)[];
  extensions: { code: string; requestId?: string } & Record<string, unknown>;
}

/** What came back, whatever the transport. */
export interface Outcome {
  // The shape of the data is the test's own document.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data?: any;
  errors?: readonly ClientError[];
  /** Of an answer over HTTP. */
  status?: number;
  /** Code with which the socket was closed instead of answering. */
  closed?: number;
}

export interface Caller {
  /** Sends the payload as it is: `query`, `variables`, `operationName`, or nonsense. */
  ask(payload: unknown): Promise<Outcome>;
  end(): Promise<void>;
}

export interface Transport {
  name: string;
  call: (origin: string, token?: string, workspaceId?: string) => Promise<Caller>;
}

const http: Transport = {
  name: 'HTTP',
  call: async (origin, token, workspaceId) => ({
    ask: async (payload) => {
      const response = await fetch(`${origin}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token && { authorization: `Bearer ${token}` }),
          ...(workspaceId && { 'pilothouse-workspace': workspaceId }),
        },
        body: typeof payload === 'string' ? payload : JSON.stringify(payload),
      });
      return { ...((await response.json()) as Outcome), status: response.status };
    },
    end: async () => undefined,
  }),
};

const webSocket: Transport = {
  name: 'WebSocket',
  call: async (origin, token, workspaceId) => {
    const socket = await RawSocket.connected(origin, { ...(token && { token }), ...(workspaceId && { workspaceId }) });
    return {
      ask: async (payload) => {
        const id = socket.subscribe(payload);
        const answered = socket
          .firstOf(id)
          .then(({ type, payload: answer }) => (type === 'error' ? { errors: answer } : answer));
        return Promise.race([
          answered.catch(() => new Promise<never>(() => undefined)),
          socket.closed.then((closed) => ({ closed })),
        ]);
      },
      end: () => socket.end(),
    };
  },
};

/** Everything that is refused on one must be refused on the other. */
export const TRANSPORTS: readonly Transport[] = [http, webSocket];
