/** Keeps work in a set for as long as it lasts, so that a stop can wait for it. Gives the work back. */
export function track<T>(set: Set<Promise<unknown>>, work: Promise<T>): Promise<T> {
  set.add(work);
  const forget = () => void set.delete(work);
  work.then(forget, forget);
  return work;
}
