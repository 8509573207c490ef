/** `ENOENT` and the like of a system call's error, SQLSTATE of a PostgreSQL error. */
export function errorCode(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}
