/** The largest page that the API gives. */
const MAX_PAGE = 200;

interface Page<Node> {
  nodes: Node[];
  pageInfo: { endCursor?: string | null; hasNextPage: boolean };
}

export type ReadPage<Node> = (page: { first: number; after: string | null }) => Promise<Page<Node>>;

/** Everything of a paged list, or the first `limit` of it. */
export async function allPages<Node>(read: ReadPage<Node>, limit = Number.POSITIVE_INFINITY): Promise<Node[]> {
  const nodes: Node[] = [];
  let after: string | null = null;
  while (nodes.length < limit) {
    const page: Page<Node> = await read({ first: Math.min(MAX_PAGE, limit - nodes.length), after });
    nodes.push(...page.nodes);
    after = page.pageInfo.endCursor ?? null;
    if (!page.pageInfo.hasNextPage || after === null) break;
  }
  return nodes;
}
