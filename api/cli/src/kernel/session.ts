import { ApiHttp, type Endpoint } from './api-http.js';
import { ApiFault, CliError, EXIT, Unreachable } from './cli-error.js';
import { resume, untilReached, type Numbered } from './resume.js';

/** A typed operation as codegen writes it: its text, with the types of its answer and variables. */
export interface Operation<Data, Variables> {
  __apiType?: (variables: Variables) => Data;
  toString(): string;
}

export interface SessionParts {
  endpoint: Endpoint;
  token: string | null;
  workspaceId: string | null;
  /** Confirms who is there, where the API asks for it. @returns the session's new token; @throws CliError */
  confirm: (session: Session) => Promise<string>;
  /** What to say of an answer that is a fault. */
  explain: (fault: ApiFault) => CliError;
  /** Told when a stream loses its connection, and when it has it back: with all that came meanwhile, or without. */
  onOutage: (outage: 'LOST' | 'WHOLE' | 'BACK') => void;
}

export interface Followed<Data, Variables, Item extends Numbered> {
  variables: (afterSeq: number | null) => Variables;
  item: (data: Data) => Item;
  /** The number to begin after; null only for a stream that opens at its own beginning, or is live. */
  afterSeq: number | null;
  /** Whether it shows the latest alone, and what came while it was cut is not told. */
  isLive?: boolean;
}

interface Body {
  data?: unknown;
  errors?: { message: string; extensions?: { code?: unknown } }[];
}

/** A while in which a restarting control plane is usually back. */
const REPEAT_FOR_MS = 30_000;

/** The API as one person or program uses it. */
export class Session {
  private readonly http: ApiHttp;
  private socket: Promise<import('./api-socket.js').ApiSocket> | null = null;
  private token: string | null;

  constructor(private readonly parts: SessionParts) {
    this.http = new ApiHttp(parts.endpoint);
    this.token = parts.token;
  }

  get isSignedIn(): boolean {
    return this.token !== null;
  }

  /** Uses another token from now on. */
  continueWith(token: string): void {
    this.token = token;
  }

  /**
   * One query or mutation. Where the API asks for a confirmation first, it is given and the operation repeated once.
   * @throws ApiFault, Unreachable
   */
  async ask<Data, Variables>(operation: Operation<Data, Variables>, variables: Variables): Promise<Data> {
    try {
      return await this.post(operation, variables);
    } catch (error) {
      if (!(error instanceof ApiFault) || error.code !== 'STEP_UP_REQUIRED') throw error;
      this.token = await this.parts.confirm(this);
      return this.post(operation, variables);
    }
  }

  /** Like `ask`, again and again while there is no connection. For queries, and mutations with an idempotency key. */
  askUntilReached<Data, Variables>(operation: Operation<Data, Variables>, variables: Variables): Promise<Data> {
    return untilReached(() => this.ask(operation, variables), REPEAT_FOR_MS);
  }

  /** The events of a subscription until its connection breaks. @throws ApiFault, Unreachable */
  private async *subscribe<Data, Variables>(
    operation: Operation<Data, Variables>,
    variables: Variables,
    onOpen: () => void,
  ): AsyncGenerator<Data, void> {
    this.socket ??= this.openSocket();
    const socket = await this.socket;
    const query = operation.toString();
    try {
      yield* socket.subscribe<Data>({ query, variables: variables as Record<string, unknown>, onOpen });
    } catch (error) {
      throw error instanceof ApiFault ? this.parts.explain(error) : error;
    }
  }

  /** A stream that outlives broken connections, without gap or duplicate. @throws ApiFault, Unreachable */
  follow<Data, Variables, Item extends Numbered>(
    operation: Operation<Data, Variables>,
    { variables, item, afterSeq, isLive = false }: Followed<Data, Variables, Item>,
  ): AsyncGenerator<Item, void> {
    const open = async function* (this: Session, after: number | null, onOpen: () => void): AsyncGenerator<Item, void> {
      for await (const data of this.subscribe(operation, variables(after), onOpen)) yield item(data);
    }.bind(this);
    const onOutage = (isOver: boolean) => this.parts.onOutage(isOver ? (isLive ? 'BACK' : 'WHOLE') : 'LOST');
    return resume({ open, afterSeq, onOutage });
  }

  async close(): Promise<void> {
    await (await this.socket)?.close();
    this.http.close();
  }

  private async openSocket() {
    // Loaded when something is followed: most invocations are one request.
    const { ApiSocket } = await import('./api-socket.js');
    const { endpoint, workspaceId } = this.parts;
    return new ApiSocket({ endpoint, http: this.http, token: () => this.token, workspaceId });
  }

  private async post<Data, Variables>(operation: Operation<Data, Variables>, variables: Variables): Promise<Data> {
    const { workspaceId, endpoint } = this.parts;
    const text = await this.http.post(JSON.stringify({ query: operation.toString(), variables }), {
      ...(this.token !== null && { authorization: `Bearer ${this.token}` }),
      ...(workspaceId !== null && { 'pilothouse-workspace': workspaceId }),
    });
    const { data, errors } = readBody(text, endpoint.origin);
    const [error] = errors ?? [];
    if (error) {
      const code = error.extensions?.code;
      throw this.parts.explain(new ApiFault(typeof code === 'string' ? code : 'INTERNAL', error.message));
    }
    if (data == null) throw notPilothouse(endpoint.origin);
    return data as Data;
  }
}

function readBody(text: string, origin: string): Body {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null) return body;
  } catch {
    // A proxy's error page, most likely while the control plane restarts.
    throw new Unreachable(`${origin} answers, but not as Pilothouse does. Check the address and any proxy before it.`);
  }
  throw notPilothouse(origin);
}

function notPilothouse(origin: string): CliError {
  return new CliError(`${origin} does not answer as Pilothouse does. Check the address.`, EXIT.unavailable);
}
