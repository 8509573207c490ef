import type { DocumentNode, GraphQLError, GraphQLSchema, ValidationRule } from 'graphql';
import { readDocument } from './document-rules.js';

/** In characters, over all that are remembered: read, a document takes about a hundred times as many bytes. */
const MAX_KNOWN_LENGTH = 256 * 1024;
/** Longer ones are rare, and would push many others out. */
const MAX_LENGTH = 4096;

/**
 * Reads documents, and remembers those that keep every rule: to parse and validate one takes longer than to run it.
 * What a document may cost depends on its variables and is judged every time, elsewhere.
 */
export class KnownDocuments {
  private readonly known = new Map<string, DocumentNode>();
  private knownLength = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly rules: readonly ValidationRule[],
  ) {}

  get size(): number {
    return this.known.size;
  }

  /** @throws what `readDocument` throws. */
  read(source: string): DocumentNode | readonly GraphQLError[] {
    const known = this.known.get(source);
    const document = known ?? readDocument(this.schema, source, this.rules);
    if ('kind' in document && source.length <= MAX_LENGTH) this.remember(source, document);
    return document;
  }

  /** As the last one used; those that were not used for longest make room. */
  private remember(source: string, document: DocumentNode): void {
    if (!this.known.delete(source)) this.knownLength += source.length;
    this.known.set(source, document);
    for (const oldest of this.known.keys()) {
      if (this.knownLength <= MAX_KNOWN_LENGTH) return;
      this.known.delete(oldest);
      this.knownLength -= oldest.length;
    }
  }
}
