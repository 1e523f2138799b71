import type { Store } from '@writ/store';
import { SIGNING_KEY_CELL } from './cells.ts';
import { LedgerError } from './ledger-error.ts';
import type { SigningKeyRequest } from './signing-key-procedure.ts';

/**
 * Makes sure that this node signs the log of its cluster with the cluster's one key; the first node's key is that key.
 * Throws `LedgerError` `key_of_another_node` where this node holds another one: checkpoints of two keys would look like two logs.
 */
export async function claimSigningKey(store: Store, verifierKey: string): Promise<void> {
  const kept = await store.call<SigningKeyRequest, string>(
    'ledger.signing-key',
    { key: verifierKey },
    { idempotent: true },
  );
  if (kept === verifierKey) return;
  throw new LedgerError(
    'key_of_another_node',
    `the log of this cluster is signed with \`${kept}\`, this node holds \`${verifierKey}\`: give all nodes one key ` +
      '(copy `credentials/ledger.key` of a node that runs, or name one `signing` command in writ.yaml)',
  );
}

/** Says that another key signs the log from now on; nothing where the log belongs to one process. */
export async function replaceSigningKey(store: Store, from: string, to: string): Promise<void> {
  if ((await store.read(SIGNING_KEY_CELL)) === undefined) return;
  await store.call<SigningKeyRequest, string>('ledger.signing-key', { key: to, instead: from });
}
