import { Arg } from 'type-graphql';
import { Fault } from '../fault.js';
import { SafeInt } from '../graphql/scalars.js';

/** The argument `afterSeq` of a subscription that can be resumed. */
export function AfterSeq(description = 'Resume after this change; from now on if not given'): ReturnType<typeof Arg> {
  return Arg('afterSeq', () => SafeInt, { nullable: true, description });
}

/** @throws BAD_USER_INPUT for a number that no event can have. */
export function checkedSeq(afterSeq: number | null | undefined): number | null {
  if (afterSeq == null) return null;
  if (afterSeq < 0) throw new Fault('BAD_USER_INPUT', 'afterSeq must not be negative.');
  return afterSeq;
}
