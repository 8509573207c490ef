/**
 * What a page of the dashboard may do: run scripts of its own origin and inline ones that its server named with `nonce`,
 * and speak to its own origin. What is merely written into a page does not run, be it script, handler or style.
 *
 * Not `strict-dynamic`: with it, browsers also run whatever inline script a running script adds to the page.
 */
export function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
