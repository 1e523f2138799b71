export { type BackupReport, backupStore, restoreStore } from './backup.ts';
export {
  type CallOptions,
  type Procedure,
  STORE_ERROR_CODES,
  type Store,
  type StoredEntry,
  type StoreErrorCode,
  type StoreOptions,
  type StoreRecovery,
  type StoreStatistics,
  type Transaction,
} from './contract.ts';
export { openStore } from './open-store.ts';
export { type CopyLogOptions, copyPostgresLog } from './postgres/copy-log.ts';
export { type CellPage, scanPages } from './scan-pages.ts';
export { StoreError } from './store-error.ts';
export { openStoreReader, type StoreReader } from './store-reader.ts';
