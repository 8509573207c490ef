import type { AuditEntryEntity } from '@pilothouse/db';
import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Allow } from '../../kernel/authorisation/index.js';
import { connectionOf, PageArgs } from '../../kernel/graphql/connection.js';
import { DateTime, SafeInt } from '../../kernel/graphql/scalars.js';
import { AUDIT_PROBLEMS, type AuditProblemKind } from './chain.verifier.js';

@ObjectType({
  simpleResolvers: true,
  description: 'What somebody did: a link of the workspace’s audit chain, in the exact texts that its hash covers',
})
@Allow('PARENT')
export class AuditEntry {
  @Field(() => SafeInt, { description: 'Place in the chain, from 1' })
  sequence!: number;

  @Field(() => DateTime, { description: 'When it was done' })
  at!: Date;

  @Field(() => String, { description: 'Kind of who did it: USER, API_TOKEN, AGENT, SYSTEM' })
  actorKind!: string;

  @Field(() => ID, { description: 'Who did it: an id, or the name of a job' })
  actorId!: string;

  @Field(() => String, { description: 'What was done, noun and past verb: `server-created`' })
  action!: string;

  @Field(() => String, { description: 'Kind of what it was done to' })
  targetKind!: string;

  @Field(() => ID, { description: 'What it was done to' })
  targetId!: string;

  @Field(() => String, { description: 'More about it, as JSON text. Never holds a secret' })
  detail!: string;

  @Field(() => String, { description: 'Digest of the instructions it stands for; empty when there are none' })
  intentDigest!: string;

  @Field(() => String, { description: 'Hash of the entry before it; zeros for the first' })
  previousHash!: string;

  @Field(() => String, { description: 'SHA-256 over all its texts and the hash before it, hexadecimal' })
  hash!: string;
}

export const AuditEntryConnection = connectionOf(AuditEntry, 'AuditEntry');

export function toAuditEntry({ time, chain: _chain, workspaceId: _workspace, ...texts }: AuditEntryEntity): AuditEntry {
  return { ...texts, at: new Date(time) };
}

@InputType({ description: 'Which entries; all that is given must hold' })
export class AuditFilterInput {
  @Field(() => String, { nullable: true, description: 'What was done, exactly' })
  action?: string | null;

  @Field(() => ID, { nullable: true, description: 'Who did it, exactly' })
  actorId?: string | null;

  @Field(() => ID, { nullable: true, description: 'What it was done to, exactly' })
  targetId?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Not before this time' })
  from?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Before this time' })
  to?: Date | null;

  @Field(() => String, {
    nullable: true,
    description: 'Part of the action, the target’s id or the detail; upper and lower case are the same',
  })
  search?: string | null;
}

@ArgsType()
export class AuditEntriesArgs extends PageArgs {
  @Field(() => AuditFilterInput, { nullable: true, description: 'Only these; without it, all' })
  filter?: AuditFilterInput | null;
}

const AuditProblemKindEnum = Object.fromEntries(Object.keys(AUDIT_PROBLEMS).map((kind) => [kind, kind]));
registerEnumType(AuditProblemKindEnum, {
  name: 'AuditProblemKind',
  description: 'What is wrong with an audit chain',
  valuesConfig: Object.fromEntries(
    Object.entries(AUDIT_PROBLEMS).map(([kind, description]) => [kind, { description }]),
  ),
});

@ObjectType({ simpleResolvers: true, description: 'The first thing that is wrong with an audit chain' })
@Allow('PARENT')
export class AuditProblem {
  @Field(() => AuditProblemKindEnum, { description: 'What it is' })
  kind!: AuditProblemKind;

  @Field(() => SafeInt, { description: 'Number of the first bad entry' })
  sequence!: number;

  @Field(() => String, { description: 'What is wrong, for people' })
  message!: string;
}

@ObjectType({ simpleResolvers: true, description: 'What recomputing the audit chain has shown' })
@Allow('PARENT')
export class AuditVerification {
  @Field(() => Boolean, { description: 'Whether nothing is wrong' })
  intact!: boolean;

  @Field(() => AuditProblem, { nullable: true, description: 'The first thing that is wrong' })
  problem!: AuditProblem | null;

  @Field(() => SafeInt, { description: 'Entries that were recomputed, the first bad one included' })
  checkedEntries!: number;

  @Field(() => SafeInt, { description: 'The chain begins after this entry: retention has removed those before' })
  baseSequence!: number;

  @Field(() => SafeInt, { description: 'The last entry, 0 when there is none' })
  headSequence!: number;

  @Field(() => String, { nullable: true, description: 'Hash of the last entry; compare it with one you have kept' })
  headHash!: string | null;

  @Field(() => Int, { description: 'Signed places, kept outside the database, that the chain was compared with' })
  anchorCount!: number;

  @Field(() => Int, {
    description: 'Lines beside them that cannot be read: one for each crash while writing; more mean tampering',
  })
  unreadableAnchors!: number;

  @Field(() => SafeInt, { nullable: true, description: 'How far the signed places reach' })
  lastAnchoredSequence!: number | null;
}
