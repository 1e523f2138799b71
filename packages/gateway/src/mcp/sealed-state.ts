import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';

/** What the gateway has a client carry from one round of questions to the next. */
export interface RoundState {
  /** Digest of who asked for what: another caller, or another request, cannot use it. */
  readonly binding: string;
  /** Decisions about the questions, by key. */
  readonly asked: Readonly<Record<string, string>>;
  /** The server's own state. */
  readonly upstream?: string;
  /** Id of the request that is kept open for the answers. */
  readonly held?: string;
}

/** Seals the state of rounds for clients to carry, and opens it once. */
export interface StateSealer {
  seal(state: RoundState): string;
  /** Undefined for what was not sealed here, is for something else, too old, or was opened before. */
  open(sealed: string, binding: string): RoundState | undefined;
}

interface Sealed extends RoundState {
  readonly nonce: string;
  readonly expiresMs: number;
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const OPENED_MAX = 100_000;

/** A sealer with a key of its own: what one gateway sealed, another, or the same after a restart, does not open. */
export function createStateSealer(ttlMs: number, now: () => number = Date.now): StateSealer {
  const key = randomBytes(KEY_BYTES);
  const opened = new Map<string, number>();

  return {
    seal(state) {
      const sealed: Sealed = { ...state, nonce: randomUUID(), expiresMs: now() + ttlMs };
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, key, iv);
      const text = Buffer.concat([cipher.update(JSON.stringify(sealed), 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
    },
    open(text, binding) {
      const state = decipher(key, text);
      if (state === undefined || state.binding !== binding || state.expiresMs <= now()) return undefined;
      for (const [nonce, expiresMs] of opened) {
        if (expiresMs > now()) break;
        opened.delete(nonce);
      }
      // Forgetting one that was opened would let it be opened twice.
      if (opened.has(state.nonce) || opened.size >= OPENED_MAX) return undefined;
      opened.set(state.nonce, state.expiresMs);
      return state;
    },
  };
}

function decipher(key: Buffer, text: string): Sealed | undefined {
  // Characters outside the alphabet would be passed over in silence.
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return undefined;
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES));
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    return JSON.parse(plain.toString('utf8')) as Sealed;
  } catch {
    return undefined;
  }
}
