import { GraphQLError, Kind, type ASTVisitor, type SelectionSetNode, type ValidationContext } from 'graphql';

/** Fields that a document may name again where they stand already. Fragments on one type repeat some, programs no more. */
export const MAX_REPEATED_FIELDS = 100;
/** Selections looked at, with fragments in place of their spreads; as many as ten documents of the largest size. */
const MAX_LOOKED_AT = 20_000;

/**
 * Refuses a document that names the same fields over and over. GraphQL's own rule compares every such field with every
 * other, which makes a document of 4 KB cost a hundred milliseconds of everybody's time.
 *
 * It judges before that rule begins, and ends the validation: by one error more than are listed.
 */
export function repeatedFields(maxErrors: number): (context: ValidationContext) => ASTVisitor {
  return (context) => ({
    Document: {
      enter() {
        const counting = new Counting(context);
        for (const definition of context.getDocument().definitions) {
          if ('selectionSet' in definition) counting.count(definition.selectionSet);
        }
        if (!counting.isTooMuch) return;
        const sentence = `The document repeats fields too often: at most ${MAX_REPEATED_FIELDS} times.`;
        for (let times = 0; times <= maxErrors; times += 1) context.reportError(new GraphQLError(sentence));
      },
    },
  });
}

class Counting {
  private repeated = 0;
  private lookedAt = 0;

  constructor(private readonly context: ValidationContext) {}

  get isTooMuch(): boolean {
    return this.repeated > MAX_REPEATED_FIELDS || this.lookedAt > MAX_LOOKED_AT;
  }

  /** Counts in this selection set and in those of its fields. */
  count(set: SelectionSetNode): void {
    this.collect(set, { fields: new Set(), fragments: new Set() });
    for (const inner of innerSets(set)) {
      if (this.isTooMuch) return;
      this.count(inner);
    }
  }

  /** Collects the names of a selection set as it is executed: with inline fragments and each fragment once. */
  private collect(set: SelectionSetNode, seen: { fields: Set<string>; fragments: Set<string> }): void {
    for (const selection of set.selections) {
      this.lookedAt += 1;
      if (this.isTooMuch) return;
      if (selection.kind === Kind.FIELD) {
        const name = selection.alias?.value ?? selection.name.value;
        if (seen.fields.has(name)) this.repeated += 1;
        seen.fields.add(name);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        this.collect(selection.selectionSet, seen);
      } else if (!seen.fragments.has(selection.name.value)) {
        seen.fragments.add(selection.name.value);
        const fragment = this.context.getFragment(selection.name.value);
        if (fragment) this.collect(fragment.selectionSet, seen);
      }
    }
  }
}

/** The selection sets of a set's own fields; those of the fragments it spreads are counted with these. */
function innerSets(set: SelectionSetNode): SelectionSetNode[] {
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.INLINE_FRAGMENT) return innerSets(selection.selectionSet);
    return selection.kind === Kind.FIELD && selection.selectionSet ? [selection.selectionSet] : [];
  });
}
