import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Approver } from '../pipeline/approver.ts';
import type { CallerIdentity } from '../pipeline/caller.ts';

/** Who a request comes from, by its bearer token. */
export type Authenticated =
  | { readonly kind: 'operator'; readonly name: string }
  | { readonly kind: 'point'; readonly caller: CallerIdentity }
  | { readonly kind: 'approver'; readonly approver: Approver }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'refused' };

/** A credential as the HTTP API holds it: only the digest of its token. */
export interface PointCredential {
  /** SHA-256 of the token, hex. */
  readonly tokenSha256: string;
  readonly caller: CallerIdentity;
}

/** Everything that a token can be. */
export interface Credentials {
  /** SHA-256 of the operator's token, hex; absent where no operator can act over HTTP. */
  readonly operatorSha256?: string;
  readonly points: readonly PointCredential[];
  /** People who may be asked: they see and judge approvals, and nothing else. */
  readonly approvers?: readonly ApproverCredential[];
}

/** A person's credential: only the digest of its token. */
export interface ApproverCredential {
  /** SHA-256 of the token, hex. */
  readonly tokenSha256: string;
  readonly approver: Approver;
}

/** SHA-256 of a token, hex: what credential files hold. */
export function tokenDigest(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/**
 * What proves to the operator that a service knows the operator's token, without either of them telling it: HMAC-SHA-256
 * of a nonce of the operator's under the token's digest, hex. Asked before the token is sent: whoever took the port of a
 * service that died would learn it otherwise.
 */
export function operatorProof(operatorSha256: string, nonce: string): string {
  return createHmac('sha256', Buffer.from(operatorSha256, 'hex'))
    .update(`writ operator proof ${nonce}`, 'utf8')
    .digest('hex');
}

/** A fresh random token, 256 bits, with a prefix that secret scanners can find. */
export function createToken(prefix: 'writ_op' | 'writ_pt' | 'writ_ap'): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/**
 * Names the bearer of an `Authorization` header. Every known digest is compared, each in constant time, so that
 * neither content nor position of a match shows in the time taken. A header that is present and wrong is `refused`,
 * never `anonymous`.
 */
export function authenticate(header: string | undefined, credentials: Credentials): Authenticated {
  if (header === undefined) return { kind: 'anonymous' };
  const token = /^Bearer ([\x21-\x7e]{8,512})$/i.exec(header)?.[1];
  if (token === undefined) return { kind: 'refused' };
  const digest = Buffer.from(tokenDigest(token), 'hex');
  let found: Authenticated = { kind: 'refused' };
  const operator = credentials.operatorSha256;
  if (operator !== undefined && sameDigest(digest, operator)) found = { kind: 'operator', name: 'operator' };
  for (const point of credentials.points) {
    if (sameDigest(digest, point.tokenSha256)) found = { kind: 'point', caller: point.caller };
  }
  for (const { tokenSha256, approver } of credentials.approvers ?? []) {
    if (sameDigest(digest, tokenSha256)) found = { kind: 'approver', approver };
  }
  return found;
}

function sameDigest(digest: Buffer, hex: string): boolean {
  const other = Buffer.from(hex, 'hex');
  return other.length === digest.length && timingSafeEqual(digest, other);
}

/**
 * The operator's token: created at first start in `credentials/operator.token` below `directory`, mode 0600 in a
 * folder of mode 0700. A file that others can read is refused: whoever reads it could approve.
 */
export async function readOperatorToken(directory: string): Promise<string> {
  const folder = join(directory, 'credentials');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const file = join(folder, 'operator.token');
  const token = createToken('writ_op');
  try {
    const handle = await open(file, 'wx', 0o600);
    try {
      await handle.writeFile(`${token}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  await refuseReadableByOthers(file);
  const text = (await readFile(file, 'utf8')).trim();
  if (text.length < 32)
    throw new Error(`the operator's token in ${file} is too short: delete the file to get a new one`);
  return text;
}

/**
 * Throws where a credential file can be read or written by anyone but its owner, or its owner is neither this process
 * nor root (POSIX only): whoever wrote it would know the token.
 */
export async function refuseReadableByOthers(file: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode, uid } = await stat(file);
  if (uid !== 0 && uid !== process.getuid?.()) throw new Error(`${file} belongs to another user`);
  if ((mode & 0o077) !== 0) throw new Error(`${file} can be read by others: chmod 600 it`);
}
