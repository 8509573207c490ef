import type { RequestHandler } from 'express';

/** The page's scripts and styles are inline, its worker a blob; it talks to this origin alone. */
const CONTENT_SECURITY_POLICY = [
  `default-src 'none'`,
  `script-src 'unsafe-inline' 'unsafe-eval' blob:`,
  `worker-src blob:`,
  `style-src 'unsafe-inline'`,
  `font-src data:`,
  `img-src data:`,
  `connect-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

/**
 * GraphiQL on `GET /graphql`, bundled, without a request to any other host. For development only: its scripts need a
 * policy that the product's own pages do not have.
 */
export async function createExplorer(): Promise<RequestHandler> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const page = renderGraphiQL({ endpoint: '/graphql', subscriptionsProtocol: 'WS', title: 'Pilothouse API' });
  return (request, response, next) => {
    const asksForPage = request.method === 'GET' && request.accepts(['json', 'html']) === 'html';
    if (!asksForPage || request.query.query !== undefined) return next();
    response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
    response.type('html').send(page);
  };
}
