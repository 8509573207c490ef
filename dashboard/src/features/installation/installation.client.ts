/** What the control plane says of itself. */
export interface Health {
  /** `degraded`: it runs, and refuses work until it can check rights again. */
  status: 'ok' | 'degraded';
  version: string;
}

/** A control plane that is busy answers late; one that does not answer within this time is not there. */
const ANSWER_LIMIT_MS = 4_000;

/** @throws when the control plane does not answer, or something else answers in its place */
export async function fetchHealth(): Promise<Health> {
  const response = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
  const health: unknown = await response.json();
  if (isHealth(health)) return health;
  throw new TypeError('This is no answer of a control plane');
}

/** Whether an owner exists. @throws when the control plane does not say */
export async function fetchSetupCompleted(): Promise<boolean> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ setup { completed } }' }),
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
  const answer = (await response.json()) as { data?: { setup?: { completed?: unknown } } };
  const completed = answer.data?.setup?.completed;
  if (typeof completed === 'boolean') return completed;
  throw new TypeError('The control plane does not say whether it is set up');
}

function isHealth(value: unknown): value is Health {
  const { status, version } = (value ?? {}) as Partial<Health>;
  return (status === 'ok' || status === 'degraded') && typeof version === 'string';
}
