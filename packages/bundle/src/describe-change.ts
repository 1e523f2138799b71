import { hash } from 'node:crypto';
import { canonicalJson } from '@writ/decision';
import type { Bundle } from './bundle.ts';
import { lazyOf } from './large/lazy-json.ts';
import { holdsLazy } from './large/write-canonical.ts';
import { type DiffLine, lineDiff } from './line-diff.ts';

/** A file that differs between two activations. `data` stands for all data documents together. */
export interface FileChange {
  readonly bundle: string;
  readonly file: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly lines: readonly DiffLine[];
}

/** What an activation changed: bundles that came, went or differ, and their files line by line. */
export interface BundleChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  readonly files: readonly FileChange[];
}

/** Compares what was active with what is now; equal digests mean nothing changed. */
export function describeChange(before: readonly Bundle[], after: readonly Bundle[]): BundleChange {
  const [old, now] = [byName(before), byName(after)];
  const allowance = { bytes: COMPARED_BYTES_MAX };
  const changed = after.filter(
    (bundle) => old.has(bundle.name) && old.get(bundle.name)?.digest !== bundle.digest,
  );
  return {
    added: after.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    removed: before.filter(({ name }) => !now.has(name)).map(({ name }) => name),
    changed: changed.map((bundle) => ({
      name: bundle.name,
      from: old.get(bundle.name)!.revision,
      to: bundle.revision,
    })),
    files: changed.flatMap((bundle) => fileChanges(old.get(bundle.name)!, bundle, allowance)),
  };
}

function byName(bundles: readonly Bundle[]): ReadonlyMap<string, Bundle> {
  return new Map(bundles.map((bundle) => [bundle.name, bundle]));
}

/** Texts that are compared line by line; decisions wait meanwhile, and nobody reads more. What is beyond is only named. */
const COMPARED_BYTES_MAX = 128 * 1024;

function fileChanges(before: Bundle, after: Bundle, allowance: { bytes: number }): FileChange[] {
  const [old, now] = [textsOf(before), textsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((file) => {
    const [left, right] = [old.get(file), now.get(file)];
    if (left === right) return [];
    const change = left === undefined ? 'added' : right === undefined ? 'removed' : 'changed';
    allowance.bytes -= (left ?? '').length + (right ?? '').length;
    const lines = allowance.bytes < 0 ? [] : lineDiff(left ?? '', right ?? '');
    return [{ bundle: after.name, file, change, lines } as const];
  });
}

function textsOf(bundle: Bundle): ReadonlyMap<string, string> {
  const settings = { roots: bundle.roots, metadata: bundle.metadata, entrypoints: bundle.entrypoints };
  return new Map([
    ...bundle.modules.map((module): [string, string] => [module.file, module.text]),
    ...(bundle.engineContent?.files ?? []).map(({ path, bytes }): [string, string] => [
      path,
      fileText(path, bytes),
    ]),
    ['data', dataText(bundle)],
    ['.manifest', indented(settings)],
  ]);
}

/** Wasm is no text: its digest stands for it. */
function fileText(path: string, bytes: Uint8Array): string {
  return path.endsWith('.wasm')
    ? `sha256:${hash('sha256', bytes, 'hex')}\n`
    : Buffer.from(bytes).toString('utf8');
}

/** Data that is read lazily is large: it is not written out to be compared. */
function dataText({ data, digest }: Bundle): string {
  const isLarge = lazyOf(data) !== undefined || Object.values(data).some(holdsLazy);
  return isLarge ? `large data of ${digest}` : indented(data);
}

function indented(value: object): string {
  return JSON.stringify(JSON.parse(canonicalJson(value as Parameters<typeof canonicalJson>[0])), null, 2);
}

/** The change for people, at most `linesMax` lines of it: `policy.rego` with its `-` and `+` lines. */
export function renderChange(change: BundleChange, linesMax = 40): string {
  const lines = [
    ...change.added.map((name) => `+ bundle ${name}`),
    ...change.removed.map((name) => `- bundle ${name}`),
    ...change.files.flatMap((file) => [
      `${file.bundle}/${file.file} ${file.change}`,
      ...file.lines.map((line) => `  ${line.sign} ${String(line.row).padStart(4)} ${line.text}`),
    ]),
  ];
  const more = lines.length - linesMax;
  return [...lines.slice(0, linesMax), ...(more > 0 ? [`… and ${more} more lines`] : [])].join('\n');
}
