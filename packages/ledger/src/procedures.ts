/** The ledger's procedures, to be loaded by the store: `ledger.append`, `ledger.checkpoint`, `ledger.cosign`, `ledger.erase` and `ledger.signing-key`. */
export const LEDGER_PROCEDURES: readonly URL[] = [
  new URL('./append-procedure.ts', import.meta.url),
  new URL('./checkpoint-procedure.ts', import.meta.url),
  new URL('./cosign-procedure.ts', import.meta.url),
  new URL('./erase-procedure.ts', import.meta.url),
  new URL('./signing-key-procedure.ts', import.meta.url),
];
