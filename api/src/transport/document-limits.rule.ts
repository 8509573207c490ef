import { API_LIMITS } from '@pilothouse/protocol';
import {
  GraphQLError,
  Kind,
  type ASTVisitor,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

/**
 * How far one operation reaches, its fragments put in place of their spreads. Thirty fragments that each spread the
 * next one twice are 400 tokens and a thousand million selections: whoever walks them one by one never ends.
 */
interface Extent {
  depth: number;
  aliases: number;
  directives: number;
  selections: number;
}

const LIMITS: Readonly<Record<keyof Extent, number>> = {
  depth: API_LIMITS.maxDepth,
  aliases: API_LIMITS.maxAliases,
  directives: API_LIMITS.maxDirectives,
  // Without fragments a document cannot hold more than it has tokens; with them it may not reach further.
  selections: API_LIMITS.maxTokens,
};

const SENTENCES: Readonly<Record<keyof Extent, string>> = {
  depth: 'is nested too deeply',
  aliases: 'has too many aliases',
  directives: 'has too many directives',
  selections: 'selects too much',
};

const NOTHING: Extent = { depth: 0, aliases: 0, directives: 0, selections: 0 };

/**
 * Holds each operation to the limits of depth, aliases, directives and selections. Each fragment is measured once.
 *
 * Introspection may be as deep as graphql-js allows, but takes no aliases: with them, a short document asks for
 * millions of fields that cost nothing to name.
 */
export function documentLimits(context: ValidationContext): ASTVisitor {
  const measure = new Measure(context);
  return {
    OperationDefinition(operation: OperationDefinitionNode) {
      const extent = measure.operation(operation);
      for (const name of Object.keys(LIMITS) as (keyof Extent)[]) {
        if (extent[name] <= LIMITS[name]) continue;
        const sentence = `The operation ${SENTENCES[name]}: at most ${LIMITS[name]} ${name === 'depth' ? 'levels' : name} are allowed.`;
        context.reportError(new GraphQLError(sentence, { nodes: operation }));
      }
      return undefined;
    },
  };
}

class Measure {
  private readonly fragments = new Map<string, Extent>();

  constructor(private readonly context: ValidationContext) {}

  operation(operation: OperationDefinitionNode): Extent {
    const extent = this.selectionSet(operation.selectionSet, false);
    return { ...extent, directives: extent.directives + (operation.directives?.length ?? 0) };
  }

  private selectionSet(set: SelectionSetNode, introspecting: boolean): Extent {
    return set.selections.map((selection) => this.selection(selection, introspecting)).reduce(together, NOTHING);
  }

  private selection(selection: SelectionNode, introspecting: boolean): Extent {
    const directives = selection.directives?.length ?? 0;
    if (selection.kind === Kind.FRAGMENT_SPREAD)
      return together(this.fragment(selection.name.value), { ...NOTHING, directives });
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      return together(this.selectionSet(selection.selectionSet, introspecting), { ...NOTHING, directives });
    }
    const inside = introspecting || selection.name.value === '__schema' || selection.name.value === '__type';
    if (inside && selection.alias) {
      this.context.reportError(new GraphQLError('Introspection takes no aliases.', { nodes: selection }));
    }
    const below = selection.selectionSet ? this.selectionSet(selection.selectionSet, inside) : NOTHING;
    return {
      depth: inside ? 0 : below.depth + 1,
      aliases: below.aliases + (selection.alias ? 1 : 0),
      directives: below.directives + directives,
      selections: below.selections + 1,
    };
  }

  private fragment(name: string): Extent {
    const known = this.fragments.get(name);
    if (known) return known;
    const fragment = this.context.getFragment(name);
    if (!fragment) return NOTHING;
    // A fragment that reaches itself counts as nothing there: GraphQL's own rules refuse it.
    this.fragments.set(name, NOTHING);
    const extent = this.selectionSet(fragment.selectionSet, fragment.typeCondition.name.value.startsWith('__'));
    this.fragments.set(name, extent);
    return extent;
  }
}

function together(a: Extent, b: Extent): Extent {
  return {
    depth: Math.max(a.depth, b.depth),
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
    selections: a.selections + b.selections,
  };
}
