import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
const ITERATIONS = 4096;

/**
 * What PostgreSQL keeps of a password (RFC 5803), made here so that the password itself never travels in a statement
 * that a log could hold. The password must be ASCII, as all generated ones are.
 */
export async function scramVerifier(
  password: string,
  salt = randomBytes(16),
  iterations = ITERATIONS,
): Promise<string> {
  const salted = await derive(password, salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

export async function verifies(password: string, verifier: string | null): Promise<boolean> {
  const [, iterations, salt] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(verifier ?? '') ?? [];
  if (iterations === undefined || salt === undefined) return false;
  return (await scramVerifier(password, Buffer.from(salt, 'base64'), Number(iterations))) === verifier;
}
