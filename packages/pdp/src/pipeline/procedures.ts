/** The decision point's procedures, to be loaded by the store beside the ledger's. */
export const DECISION_PROCEDURES: readonly URL[] = [
  new URL('./commit-procedure.ts', import.meta.url),
  new URL('./complete-procedure.ts', import.meta.url),
  new URL('./approval-procedure.ts', import.meta.url),
  new URL('./away-procedure.ts', import.meta.url),
  new URL('./group-procedure.ts', import.meta.url),
  new URL('./halt-procedure.ts', import.meta.url),
  new URL('./note-procedure.ts', import.meta.url),
  new URL('./outbox-procedure.ts', import.meta.url),
  new URL('./override-key-procedure.ts', import.meta.url),
  new URL('./revocation-procedure.ts', import.meta.url),
  new URL('./standing-procedure.ts', import.meta.url),
  new URL('./subscribe-procedure.ts', import.meta.url),
  new URL('./upkeep-procedure.ts', import.meta.url),
];
