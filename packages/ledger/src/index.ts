export { appendEntry, closeLedger, ledgerBatchKeys, recordDraft, recordEntry } from './append.ts';
export type { AppendRequest, AppendResult } from './append-procedure.ts';
export {
  type BuiltEntry,
  buildEntry,
  draftEntry,
  type EntryDraft,
  type EntryStamp,
  openDraft,
} from './build-entry.ts';
export { LOG_CELLS_PREFIX } from './cells.ts';
export {
  type Checkpoint,
  type CheckpointReading,
  formatCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from './checkpoint.ts';
export type { KeepCheckpointRequest } from './checkpoint-procedure.ts';
export {
  CHECKPOINT_FILE_NAME,
  CHECKPOINT_INTERVAL_MS,
  type Checkpointer,
  type CheckpointerOptions,
  readCheckpointFile,
  startCheckpointer,
} from './checkpointer.ts';
export { claimSigningKey } from './claim-signing-key.ts';
export { type CommandSignerOptions, commandSigner } from './command-signer.ts';
export { CompactRange } from './compact-range.ts';
export { type Cosignature, cosignaturesOf, parseWitnessKey } from './cosignature.ts';
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
export { type EraseReport, type ErasureTarget, eraseEntries } from './erase.ts';
export { FRAMEWORKS, type FrameworkName, isFramework } from './evidence/frameworks.ts';
export type { EvidenceAnswer, EvidenceManifest } from './evidence/pack.ts';
export { PACK_FORMAT } from './evidence/pack.ts';
export { PACK_PROBLEMS, type PackProblem, type PackProblemCode } from './evidence/pack-problem.ts';
export type { PackReport, VerifyPackOptions } from './evidence/pack-report.ts';
export { type ProveOptions, type ProveResult, proveEvidence } from './evidence/prove.ts';
export { type EvidenceQuestion, readBound } from './evidence/question.ts';
export { verifyPack } from './evidence/verify-pack.ts';
export {
  EXPORT_FORMS,
  type ExportForm,
  type ExportOptions,
  type ExportReport,
  exportEntries,
} from './export/export-entries.ts';
export { directorySink, type HttpSinkOptions, httpSink, type Segment, type Sink } from './export/sink.ts';
export { exportTiles, type TilesExport } from './export-tiles.ts';
export type { FollowedRotation } from './follow-rotations.ts';
export { IndexFault, type LogQueries, openLogQueries } from './indexing/index-thread.ts';
export { LOG_FILTERS, type LogFilter } from './indexing/log-filter.ts';
export { CursorFault, LogIndex, type LogPage, rebuildIndex } from './indexing/log-index.ts';
export { ROLLUP_SECONDS, type Rollup, type RollupSpan } from './indexing/rollup.ts';
export { INDEX_FILE_NAME } from './indexing/schema.ts';
export { LEDGER_ERROR_CODES, LedgerError, type LedgerErrorCode } from './ledger-error.ts';
export { updateLogCopy } from './log-copy.ts';
export { formatVerifierKey, type NoteVerifier, parseVerifierKey } from './note.ts';
export { LEDGER_PROCEDURES } from './procedures.ts';
export {
  consistencyProof,
  inclusionProof,
  type NodeReader,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts';
export { type EntryProof, latestCheckpoint, proveEntry, proveStoredEntry } from './prove-entry.ts';
export { type EntryFilter, type EntrySource, readEntries, showDecision, tailEntries } from './query.ts';
export { erasedTogether, eraseFromDetail, type Reading, readEntry } from './read-entry.ts';
export {
  openReceipt,
  parseReceiptKey,
  type SignedReceipt,
  type SignReceipt,
  signReceipts,
  vouchedReceipts,
} from './receipt.ts';
export {
  RECONCILE_FINDINGS,
  type ReconcileCode,
  type ReconcileFinding,
  type ReconcileReport,
  reconcile,
} from './reconcile.ts';
export { renderEntry } from './render.ts';
export { requestFields } from './request-fields.ts';
export { type RotateOptions, type Rotation, rotateKey } from './rotate-key.ts';
export {
  derivedSalts,
  opensCommitment,
  randomSalts,
  resealFields,
  type SaltSource,
  type Sealed,
  type SealedGroup,
  sealFields,
} from './seal.ts';
export { readSeen, rememberSeen, seenOrigins } from './seen.ts';
export { type SignedOnce, signOnce } from './sign-once.ts';
export { type CheckpointSigner, KEY_FILE_NAME, openFileSigner, VERIFIER_KEY_FILE_NAME } from './signer.ts';
export { type TileSource, withTree } from './tiles.ts';
export { formatTlogProof, parseTlogProof, type TlogProof, verifyTlogProof } from './tlog-proof.ts';
export { leafHash, nodeHash } from './tree-hash.ts';
export { type VerifyOptions, type VerifyReport, verifyLog, verifyLogInThreads } from './verify-log.ts';
export { VERIFY_PROBLEMS, type VerifyCode, type VerifyProblem } from './verify-problem.ts';
export type { Witness } from './witness-client.ts';
export {
  startWitnessing,
  WITNESS_INTERVAL_MS,
  type Witnessing,
  type WitnessingOptions,
} from './witnessing.ts';
export { writeEntry } from './write-entry.ts';
