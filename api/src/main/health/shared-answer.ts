/** Asks at most once in this time, however many want to know. A failure is an answer too. */
export function sharedAnswer<T>(ask: () => Promise<T>, keepMs = 1000): () => Promise<T> {
  let askedAt = -Infinity;
  let answer: Promise<T> | undefined;
  return () => {
    if (!answer || performance.now() - askedAt >= keepMs) {
      askedAt = performance.now();
      answer = ask();
    }
    return answer;
  };
}
