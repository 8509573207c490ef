import type { Scope } from '@pilothouse/protocol';
import type { Action } from '../../kernel/authorisation/index.js';
import type { Transaction } from '../../kernel/database/index.js';
import type { WorkspaceContext } from '../../kernel/request-context.js';
import type { TargetExpression } from '../servers/index.js';

/** A server that the caller may act on, as commands need to know it. */
export interface TargetServer {
  id: string;
  name: string;
  tags: readonly string[];
  scopes: readonly Scope[];
  online: boolean;
  revoked: boolean;
  pending: boolean;
}

/** Turns an expression into servers; never more than those on which the caller may do the action. */
export interface TargetResolver {
  resolve(
    ctx: WorkspaceContext,
    tx: Transaction,
    request: { target: TargetExpression; action: Action },
  ): Promise<TargetServer[]>;
}
