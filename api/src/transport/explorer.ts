import type { Request, RequestHandler } from 'express';

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

/** Answered without a session; how to have one stands above it. */
const DEFAULT_QUERY = `# This query is answered to anybody. For all others open "Headers" below and give a token of
# "npx pilothouse tokens create explorer --scope read":
#
#   { "Authorization": "Bearer phk_..." }
#
# Where you are signed in to this address in this browser, none is needed.
{
  setup {
    completed
  }
}
`;

const POINTER = `This is the API of Pilothouse: programs send GraphQL here by POST, or over a WebSocket.

For a page to try it on, start Pilothouse with NODE_ENV=development and open this address again.
docs/api.md explains the API, with examples; api/schema.graphql is its schema.
`;

/**
 * GraphiQL on `GET /graphql`, bundled, without a request to any other host. For development only: its scripts need a
 * policy that the product's own pages do not have.
 */
export async function createExplorer(): Promise<RequestHandler> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const page = renderGraphiQL({
    endpoint: '/graphql',
    subscriptionsProtocol: 'WS',
    title: 'Pilothouse API',
    defaultQuery: DEFAULT_QUERY,
  });
  return (request, response, next) => {
    if (!asksForPage(request)) return next();
    response.setHeader('Content-Security-Policy', CONTENT_SECURITY_POLICY);
    response.type('html').send(page);
  };
}

/** What a browser is told where there is no explorer. */
export const pointToExplorer: RequestHandler = (request, response, next) => {
  if (!asksForPage(request)) return next();
  response.type('text').send(POINTER);
};

function asksForPage(request: Request): boolean {
  const isWanted = request.method === 'GET' && request.accepts(['json', 'html']) === 'html';
  return isWanted && request.query.query === undefined;
}
