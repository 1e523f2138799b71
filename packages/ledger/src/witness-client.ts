import { withCosignature } from './cosignature.ts';
import type { NoteVerifier } from './note.ts';

/** A witness of this log: where it takes checkpoints (C2SP tlog-witness), and its key. */
export interface Witness {
  /** Prefix of `/add-checkpoint`. */
  readonly url: string;
  readonly key: NoteVerifier;
}

export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly note: string }
  /** It last saw another size than it was asked from. */
  | { readonly kind: 'behind'; readonly size: number }
  | { readonly kind: 'refused'; readonly message: string };

const TIMEOUT_MS = 10_000;
const ANSWER_LENGTH_MAX = 64 * 1024;

/** Offers a checkpoint with the proof that it continues `old` entries. Never rejects: what fails is an answer. */
export async function askWitness(
  { url, key }: Witness,
  note: string,
  old: number,
  proof: readonly Uint8Array[],
): Promise<WitnessAnswer> {
  const lines = [`old ${old}`, ...proof.map((hash) => Buffer.from(hash).toString('base64'))];
  try {
    const response = await fetch(`${url.replace(/\/$/, '')}/add-checkpoint`, {
      method: 'POST',
      body: `${lines.join('\n')}\n\n${note}`,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = (await response.text()).slice(0, ANSWER_LENGTH_MAX);
    if (response.status === 409 && response.headers.get('content-type') === 'text/x.tlog.size') {
      const size = /^(0|[1-9]\d{0,15})\n?$/.exec(text)?.[1];
      if (size !== undefined) return { kind: 'behind', size: Number(size) };
    }
    if (response.status !== 200)
      return {
        kind: 'refused',
        message: `the witness ${key.name} answered ${response.status}: ${text.trim()}`,
      };
    const cosigned = withCosignature(note, text, key);
    if (cosigned !== undefined) return { kind: 'cosigned', note: cosigned };
    return { kind: 'refused', message: `the witness ${key.name} gave no cosignature of its own` };
  } catch (cause) {
    return { kind: 'refused', message: `the witness ${key.name} does not answer: ${messageOf(cause)}` };
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
