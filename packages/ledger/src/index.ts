export { appendEntry, closeLedger, ledgerBatchKeys, recordEntry } from './append.ts';
export type { AppendRequest, AppendResult } from './append-procedure.ts';
export { type BuiltEntry, buildEntry, type EntryStamp } from './build-entry.ts';
export { CompactRange } from './compact-range.ts';
export {
  ENTRY_KINDS,
  ENTRY_VERSION,
  type EntryCore,
  type EntryKind,
  type LedgerEntry,
  PERSONAL_FIELDS,
  type PersonalField,
  type PersonalFields,
  type Trust,
} from './entry.ts';
export {
  consistencyProof,
  inclusionProof,
  type NodeReader,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts';
export { eraseFromDetail, readEntry } from './read-entry.ts';
export {
  derivedSalts,
  opensCommitment,
  randomSalts,
  type SaltSource,
  type Sealed,
  type SealedField,
  sealFields,
} from './seal.ts';
export { leafHash, nodeHash } from './tree-hash.ts';
