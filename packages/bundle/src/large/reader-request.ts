import type { Bundle, BundleResult, ReadBundleOptions } from '../bundle.ts';
import type { ContentReading } from '../read-content.ts';
import type { SentData } from './apart.ts';

/** What a thread is to read: a folder or an archive by its path, or an archive that is in memory. */
export type ReaderRequest =
  | { readonly kind: 'folder'; readonly path: string; readonly options: ReadBundleOptions }
  | { readonly kind: 'archive-file'; readonly path: string; readonly options: ReadBundleOptions }
  | {
      readonly kind: 'archive';
      readonly archive: Uint8Array;
      readonly options: ContentReading;
    };

/** What it gives: the bundle with its data taken apart, or the problems. */
export type ReaderReply =
  | { readonly ok: true; readonly bundle: Omit<Bundle, 'data'>; readonly data: SentData }
  | Extract<BundleResult, { readonly ok: false }>;
