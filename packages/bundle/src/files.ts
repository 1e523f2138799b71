import { posix } from 'node:path';
import { type BundleLimits, DEFAULT_BUNDLE_LIMITS } from './bundle.ts';
import type { BundleProblem } from './problem.ts';

/** One file of a bundle as it was read, with its path within the bundle. */
export interface BundleFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export type FilesResult =
  | { readonly ok: true; readonly files: readonly BundleFile[] }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

const DATA_FILES = new Set(['data.json', 'data.yaml', 'data.yml']);

/** Files at the top that make a bundle something that is not read here: each would change what the rest means. */
const MARKERS = new Set(['.signatures.json', 'patch.json']);

/** What is taken from a bundle: as OPA does, and what other engines read. Everything else is left alone. */
export function belongsToBundle(path: string): boolean {
  return (
    path === '.manifest' ||
    path.endsWith('.rego') ||
    isDataFile(path) ||
    MARKERS.has(path) ||
    path.endsWith('.wasm') ||
    isCedarFile(path)
  );
}

/** Cedar's policies, its schema in either of its two forms, and entities; the latter only at the bundle's top. */
const CEDAR_FILES = new Set(['entities.json', 'schema.cedarschema', 'schema.cedarschema.json']);

export function isCedarFile(path: string): boolean {
  return path.endsWith('.cedar') || CEDAR_FILES.has(path);
}

export function isDataFile(path: string): boolean {
  return DATA_FILES.has(posix.basename(path));
}

export function isTestModule(path: string): boolean {
  return path.endsWith('_test.rego');
}

/**
 * A path from an archive in its one form (no leading `./` or `/`), or why it is refused: `..`, backslashes, drive
 * letters, control characters, too deep. OPA itself writes archives with a leading `/`, so that one is dropped.
 */
export function safePath(
  raw: string,
  limits: BundleLimits,
): { readonly path: string } | { readonly refused: string } {
  const trimmed = withoutLead(raw);
  const parts = trimmed.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0) return { refused: 'is empty' };
  if (parts.includes('..')) return { refused: 'leads out of the bundle' };
  if (/[\\\p{Cc}]/u.test(trimmed) || /^[A-Za-z]:/.test(trimmed))
    return { refused: 'holds a character that paths here may not' };
  if (parts.length > limits.folderDepthMax)
    return { refused: `is deeper than ${limits.folderDepthMax} folders` };
  return { path: parts.join('/') };
}

/** A path within a bundle without what may stand before it: OPA writes `/policy.wasm`, and reads `./policy.wasm` as well. */
export function withoutLead(path: string): string {
  return path.replace(/^(\.?\/)+/, '');
}

/** Counts files and bytes against the limits while a bundle is read. */
export interface Allowance {
  /** The problem, once a file of this size would exceed a limit. */
  take(path: string, sizeBytes: number): BundleProblem | undefined;
}

export function createAllowance(limits: BundleLimits): Allowance {
  let files = 0;
  let total = 0;
  return {
    take(path, sizeBytes) {
      files += 1;
      total += sizeBytes;
      if (files > limits.filesMax) return tooLarge(path, `more than ${limits.filesMax} files`);
      if (sizeBytes > limits.fileSizeBytesMax)
        return tooLarge(path, `a file of more than ${limits.fileSizeBytesMax} bytes`);
      if (total > limits.totalSizeBytesMax)
        return tooLarge(path, `more than ${limits.totalSizeBytesMax} bytes together`);
      return undefined;
    },
  };
}

function tooLarge(file: string, what: string): BundleProblem {
  return { code: 'bundle_too_large', message: `the bundle has ${what}`, file };
}

export function completeLimits(limits: Partial<BundleLimits> | undefined): BundleLimits {
  return { ...DEFAULT_BUNDLE_LIMITS, ...limits };
}
