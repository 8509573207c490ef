import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A handshake challenge fetched over HTTPS, where a proxy strips the header that brings it; spent by use. */
@Entity({ name: 'agent_challenges' })
export class AgentChallengeEntity {
  @PrimaryColumn({ type: 'bytea', name: 'challenge_hash', primaryKeyConstraintName: 'agent_challenges_pkey' })
  challengeHash!: Buffer;

  @Column({ type: 'uuid', name: 'agent_id' })
  agentId!: string;

  @Column({ type: 'timestamp with time zone', name: 'expires_at' })
  expiresAt!: Date;
}
