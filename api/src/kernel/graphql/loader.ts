import DataLoader from 'dataloader';
import type { RequestContext } from '../request-context.js';

const loaders = new WeakMap<RequestContext, Map<object, DataLoader<string, unknown>>>();

/**
 * The request's loader for a batch function: look-ups of one tick become one query. Nothing is cached, because a
 * subscription's context lives as long as the subscription.
 */
export function loaderOf<Value>(
  ctx: RequestContext,
  batch: (ctx: RequestContext, ids: readonly string[]) => Promise<readonly (Value | null)[]>,
): DataLoader<string, Value | null> {
  const own = loaders.get(ctx) ?? new Map<object, DataLoader<string, unknown>>();
  loaders.set(ctx, own);
  let loader = own.get(batch) as DataLoader<string, Value | null> | undefined;
  if (!loader) {
    loader = new DataLoader((ids: readonly string[]) => batch(ctx, ids), { cache: false });
    own.set(batch, loader as DataLoader<string, unknown>);
  }
  return loader;
}
