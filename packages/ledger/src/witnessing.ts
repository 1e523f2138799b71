import type { Store } from '@writ/store';
import { LATEST_CHECKPOINT_CELL } from './cells.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { parseNote } from './note.ts';
import { consistencyProof } from './proof.ts';
import { withTree } from './tiles.ts';
import { askWitness, type Witness, type WitnessAnswer } from './witness-client.ts';

/** How often witnesses are asked, ms. */
export const WITNESS_INTERVAL_MS = 10_000;

export interface WitnessingOptions {
  readonly store: Store;
  readonly witnesses: readonly Witness[];
  readonly intervalMs?: number;
  /** Told what a witness refused or that it does not answer; it is asked again at the next tick. */
  readonly onFault?: (message: string) => void;
}

/** Keeps witnesses up to date with the log. */
export interface Witnessing {
  /** Has the newest checkpoint cosigned now; gives how many witnesses did. */
  witness(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Offers the newest checkpoint to each witness in turns, and keeps it with the cosignatures that came back. Decisions
 * never wait for it: a witness that does not answer leaves the log as it is.
 */
export function startWitnessing(options: WitnessingOptions): Witnessing {
  const { intervalMs = WITNESS_INTERVAL_MS, onFault = () => {} } = options;
  const known = new Map<string, number>();
  let running: Promise<unknown> = Promise.resolve();
  const witness = (): Promise<number> => {
    const next = running.then(() => witnessOnce(options, known, onFault));
    running = next.catch(() => undefined);
    return next;
  };
  const timer = setInterval(
    () => void witness().catch((cause) => onFault(cause instanceof Error ? cause.message : String(cause))),
    intervalMs,
  );
  timer.unref();
  return {
    witness,
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

async function witnessOnce(
  { store, witnesses }: WitnessingOptions,
  known: Map<string, number>,
  onFault: (message: string) => void,
): Promise<number> {
  if (store.role !== 'owner') return 0;
  const note = await store.read(LATEST_CHECKPOINT_CELL);
  const size = note === undefined ? undefined : parseCheckpoint(parseNote(note)?.text ?? '')?.size;
  if (note === undefined || size === undefined) return 0;
  const asked = await Promise.all(witnesses.map((witness) => offer(store, witness, note, size, known)));
  const cosigned = asked.filter((answer) => answer.kind === 'cosigned');
  for (const answer of asked) if (answer.kind === 'refused') onFault(answer.message);
  if (cosigned.length === 0) return 0;
  // Each answer is the note with one line more.
  const lines = cosigned.map((answer) => answer.note.slice(note.length)).join('');
  await store.call('ledger.cosign', { size, note: note + lines }, { idempotent: true });
  return cosigned.length;
}

/** Offers from the size that the witness last saw; where it saw another, once more from that one. */
async function offer(
  store: Store,
  witness: Witness,
  note: string,
  size: number,
  known: Map<string, number>,
): Promise<WitnessAnswer> {
  let old = known.get(witness.key.name) ?? 0;
  for (let attempt = 0; ; attempt++) {
    const from = old;
    if (from > size)
      return {
        kind: 'refused',
        message: `the witness ${witness.key.name} saw ${from} entries, the log has ${size}`,
      };
    const proof = await withTree(
      (cell) => store.read(cell),
      (node) => consistencyProof(node, from, size),
    );
    const answer = await askWitness(witness, note, from, proof);
    if (answer.kind === 'cosigned') known.set(witness.key.name, size);
    if (answer.kind !== 'behind' || attempt > 0 || answer.size === from)
      return answer.kind === 'behind'
        ? {
            kind: 'refused',
            message: `the witness ${witness.key.name} saw another log at ${answer.size} entries`,
          }
        : answer;
    old = answer.size;
  }
}
