/** Calls in one transaction at most: bounds the memory of a batch and the time until its first acknowledgement. */
export const BATCH_CALLS_MAX = 1_024;
/** Longest key, UTF-16 code units. */
export const KEY_LENGTH_MAX = 1_024;
/** Longest value of one cell, UTF-16 code units. */
export const VALUE_LENGTH_MAX = 4 * 1_024 * 1_024;
/** Largest leaf, bytes: what a tlog-tiles entry bundle can carry (a 16-bit length). */
export const LEAF_BYTES_MAX = 65_535;
/** Longest detail of an entry, UTF-16 code units. */
export const DETAIL_LENGTH_MAX = 16 * 1_024 * 1_024;
/** Longest request of one call as JSON, UTF-16 code units. */
export const REQUEST_LENGTH_MAX = 16 * 1_024 * 1_024;
/** Largest message on the owner's socket, bytes. */
export const FRAME_BYTES_MAX = 256 * 1_024 * 1_024;
/** Entries, and bytes of them, in one answer to `entries`; the handle asks again for the rest. */
export const ENTRIES_PAGE_MAX = 1_000;
export const ENTRIES_PAGE_LENGTH_MAX = 8 * 1_024 * 1_024;
/** Cells in one answer to `scan`: the default, and the most. */
export const SCAN_DEFAULT = 1_000;
export const SCAN_MAX = 100_000;
/** Above this size an unclean end is not followed by a check of the whole file. */
export const CHECK_BYTES_MAX = 4 * 1_024 * 1_024 * 1_024;
/** Size of a page of a new database, bytes: log and journal grow at their ends, so that few pages are written. */
export const PAGE_BYTES = 8_192;
/** Size of the write-ahead log after which it is moved into the database: some 50 ms of a commit. */
export const CHECKPOINT_BYTES = 16 * 1_024 * 1_024;
/** Characters of changed cells in the journal after which they are moved into their table. */
export const JOURNAL_LENGTH_MAX = 8 * 1_024 * 1_024;
/** Characters in one row of the journal, but for the last cell in it. */
export const JOURNAL_ROW_LENGTH_MAX = 4 * 1_024 * 1_024;
/** Cells that one commit moves from the journal into their table at the least, while there are any to move. */
export const JOURNAL_SLICE_MIN = 8;
/** Rows of the journal that one commit drops at most, once their cells have moved. */
export const JOURNAL_ROWS_DROPPED = 256;
/** Memory for pages of the database, KiB. */
export const CACHE_KIBIBYTES = 32 * 1_024;
export const QUEUE_DEFAULT = 10_000;
export const TIMEOUT_DEFAULT_MS = 5_000;
export const SIZE_BYTES_DEFAULT = 1_024 ** 4;
