import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { LedgerError } from './ledger-error.ts';
import { formatVerifierKey, isNoteName, noteKeyId } from './note.ts';

/** Signs checkpoints. A key in a file is one kind; whatever keeps Ed25519 keys can be another. */
export interface CheckpointSigner {
  /** Name of the key, which is the origin of the log. */
  readonly name: string;
  readonly keyId: number;
  /** Text form of the public key: what verifiers are given. */
  readonly verifierKey: string;
  /** Ed25519 over these bytes: 64 bytes. */
  sign(data: Uint8Array): Promise<Uint8Array>;
}

/** The private key: a line `origin: NAME`, then PKCS#8 in PEM; readable by its owner alone. */
export const KEY_FILE_NAME = 'ledger.key';
/** The public key in its text form, in the data directory; to be given away. */
export const VERIFIER_KEY_FILE_NAME = 'ledger.vkey';

const ORIGIN = 'origin: ';
const PEM_BYTES_MAX = 16_384;

/**
 * Opens the signing key in `directory`, or creates it there at the first start (directory 0700, key 0600, written
 * through to the disk; of several processes one creates it). `name` is the log's origin for a new key, random where it
 * is not given, and for a key file that has no line `origin:`. Throws `LedgerError`: `key_exposed` where group or
 * others may read the key, `key_invalid`, `key_unreadable`.
 */
export function openFileSigner(
  directory: string,
  options: { readonly name?: string } = {},
): CheckpointSigner {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, KEY_FILE_NAME);
  const existing = readKeyFile(path, options.name);
  if (existing !== undefined) return existing;
  createKeyFile(path, options.name ?? `writ/${randomBytes(8).toString('hex')}`);
  const created = readKeyFile(path, options.name);
  if (created === undefined) throw new LedgerError('key_unreadable', `\`${path}\` vanished`);
  return created;
}

/** Makes a key in a file of another name, to take the place of the one in use. */
export function createFileSigner(directory: string, fileName: string, name: string): CheckpointSigner {
  const path = join(directory, fileName);
  createKeyFile(path, name);
  const created = readKeyFile(path, name);
  if (created === undefined) throw new LedgerError('key_unreadable', `\`${path}\` vanished`);
  return created;
}

function createKeyFile(path: string, name: string): void {
  if (!isNoteName(name)) throw new LedgerError('key_invalid', `\`${name}\` is no name for a key`);
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  const temporary = `${path}.${randomBytes(8).toString('hex')}`;
  try {
    writePrivate(temporary, `${ORIGIN}${name}\n${pem}`);
    // A link appears whole and never replaces a key that another process made meanwhile: that one counts.
    linkSync(temporary, path);
  } catch (cause) {
    if (!hasCode(cause, 'EEXIST'))
      throw new LedgerError('key_unreadable', `cannot create \`${path}\``, { cause });
  } finally {
    rmSync(temporary, { force: true });
  }
}

function readKeyFile(path: string, name: string | undefined): CheckpointSigner | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new LedgerError('key_unreadable', `cannot read \`${path}\``, { cause });
  }
  try {
    const { mode, size } = fstatSync(file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new LedgerError(
        'key_exposed',
        `\`${path}\` can be read by others: run \`chmod 600\` on it, or make a new key`,
      );
    }
    if (size > PEM_BYTES_MAX) throw new LedgerError('key_invalid', `\`${path}\` is not a key`);
    return signerFrom(readFileSync(file, 'utf8'), path, name);
  } finally {
    closeSync(file);
  }
}

function signerFrom(text: string, path: string, given: string | undefined): CheckpointSigner {
  const key = privateKeyOf(text, path);
  const name = text.startsWith(ORIGIN) ? text.slice(ORIGIN.length, text.indexOf('\n')) : given;
  if (name === undefined || !isNoteName(name)) {
    throw new LedgerError(
      'key_invalid',
      `\`${path}\` does not name the log in a first line \`${ORIGIN}NAME\``,
    );
  }
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const publicKey = Uint8Array.from(spki.subarray(-32));
  return {
    name,
    keyId: noteKeyId(name, publicKey),
    verifierKey: formatVerifierKey(name, publicKey),
    sign: (data) => Promise.resolve(sign(null, data, key)),
  };
}

function privateKeyOf(text: string, path: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(text.slice(Math.max(0, text.indexOf('-----BEGIN'))));
  } catch (cause) {
    throw new LedgerError('key_invalid', `\`${path}\` is not a private key`, { cause });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new LedgerError('key_invalid', `\`${path}\` is not an Ed25519 key`);
  }
  return key;
}

/** Writes a new file that only its owner can read, and waits for the disk. */
function writePrivate(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    if (process.platform !== 'win32') fchmodSync(file, 0o600);
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function hasCode(cause: unknown, code: string): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === code;
}
