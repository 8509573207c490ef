import { inspect } from 'node:util';

/**
 * A raw session or API token on its way through a request. It shows itself only to who asks for it by name: neither
 * JSON, logs nor inspection print it.
 */
export class Credential {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  reveal(): string {
    return this.#token;
  }

  toJSON(): string {
    return '[hidden]';
  }

  [inspect.custom](): string {
    return '[hidden]';
  }
}
