import type { IncomingMessage } from 'node:http';

/**
 * The web origins that may speak to the user API from a browser. Compared as whole serialised origins: no prefix,
 * suffix, pattern or host header decides.
 */
export class AllowedOrigins {
  private readonly origins: ReadonlySet<string>;

  /** @param publicOrigin the one that people are to use */
  constructor(
    readonly publicOrigin: string,
    others: Iterable<string> = [],
  ) {
    this.origins = new Set([publicOrigin, ...others]);
  }

  /** A request without an Origin comes from a program, not a page. */
  allows(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    return origin === undefined || this.origins.has(origin);
  }
}
