/**
 * Does something that takes its time, and says what it is and how long it took.
 *
 * @template Result
 * @param {string} what
 * @param {() => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function timed(what, work) {
  console.log(`${what} …`);
  const beganMs = performance.now();
  const result = await work();
  console.log(`${what} took ${Math.round((performance.now() - beganMs) / 1000)} s.`);
  return result;
}
