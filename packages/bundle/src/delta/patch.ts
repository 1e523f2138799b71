import { canonicalJson, type Json, type JsonObject, readStrictBytes } from '@writ/decision';
import { z } from 'zod';
import type { BundleLimits } from '../bundle.ts';
import type { BundleFile } from '../files.ts';
import type { BundleProblem } from '../problem.ts';
import { isObject } from '../read-data.ts';
import { isBelow } from '../roots.ts';

/** The file that makes an archive a delta bundle. */
export const PATCH_FILE = 'patch.json';

/** One change of data, as OPA's delta bundles write it. */
export interface PatchOperation {
  /** `upsert` makes what is missing on the way; `replace` and `remove` need something to be there. */
  readonly op: 'upsert' | 'replace' | 'remove';
  /** Below `data`, in OPA's own escaping: see {@link patchPath}. */
  readonly path: string;
  readonly value?: Json;
}

const patchSchema = z.strictObject({
  data: z
    .array(
      z.strictObject({
        op: z.enum(['upsert', 'replace', 'remove']),
        path: z.string().max(10_000),
        value: z.unknown().optional(),
      }),
    )
    .min(1),
});

export type PatchResult =
  | { readonly ok: true; readonly operations: readonly PatchOperation[] }
  | { readonly ok: false; readonly problem: BundleProblem };

/** Reads a `patch.json`, strictly. One without operations is refused: OPA takes it for an empty snapshot. */
export function readPatch(file: BundleFile, limits: BundleLimits): PatchResult {
  const read = readStrictBytes(file.bytes, { sizeBytesMax: limits.fileSizeBytesMax, depthMax: 500 });
  if (!read.ok) return refuse(`${read.message} (${read.code})`, { row: read.line, column: read.column });
  const parsed = patchSchema.safeParse(read.value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    return refuse(message, { pointer: path.map((step) => `/${String(step)}`).join('') });
  }
  const operations = parsed.data.data as readonly PatchOperation[];
  const bare = operations.findIndex(({ op, value }) => op !== 'remove' && value === undefined);
  return bare === -1
    ? { ok: true, operations }
    : refuse(`\`${operations[bare]!.op}\` needs a value`, { pointer: `/data/${bare}` });
}

function refuse(
  message: string,
  place: { row?: number; column?: number; pointer?: string },
): { readonly ok: false; readonly problem: BundleProblem } {
  return { ok: false, problem: { code: 'bundle_delta_refused', message, file: PATCH_FILE, ...place } };
}

/**
 * A path as OPA reads it (1.22, `internal/json/patch`): steps between `/`, each percent-decoded, then `~1` as `/` and
 * `~0` as `~`. Undefined where it cannot be decoded, or would reach a prototype.
 */
export function readPatchPath(text: string): readonly string[] | undefined {
  try {
    const steps = text
      .replace(/^\/+|\/+$/g, '')
      .split('/')
      .map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~'));
    return steps.includes('__proto__') ? undefined : steps;
  } catch {
    return undefined;
  }
}

/** The inverse of {@link readPatchPath}; undefined for steps that OPA's form cannot express (an empty one). */
export function patchPath(steps: readonly string[]): string | undefined {
  if (steps.length === 0 || steps.includes('')) return undefined;
  return `/${steps.map((step) => step.replaceAll('~', '~0').replaceAll('/', '~1').replaceAll('%', '%25')).join('/')}`;
}

export type Applied =
  | { readonly ok: true; readonly data: JsonObject }
  | { readonly ok: false; readonly problem: BundleProblem };

/**
 * Applies operations one after another, as OPA's store does; `data` itself is left as it is. A path outside of `roots`,
 * one that does not exist where it must, and one that leads through a plain value are refused: then nothing is applied.
 */
export function applyPatch(
  data: JsonObject,
  operations: readonly PatchOperation[],
  roots: readonly string[],
): Applied {
  const writable = new Writable(data);
  for (const [index, operation] of operations.entries()) {
    const steps = readPatchPath(operation.path);
    const outside =
      steps === undefined || !roots.some((root) => isBelow(operation.path.replace(/^\/+|\/+$/g, ''), root));
    const message = outside
      ? `\`${operation.path}\` is no path within the bundle's roots`
      : writable.apply(operation, steps);
    if (message !== undefined) return refuse(message, { pointer: `/data/${index}` });
  }
  return { ok: true, data: writable.root as JsonObject };
}

type Container = { [key: string]: Json } | Json[];

/** A document of which only what changes is copied, each part once. */
class Writable {
  root: { [key: string]: Json };
  readonly #own = new Set<object>();

  constructor(data: JsonObject) {
    this.root = { ...data };
    this.#own.add(this.root);
  }

  /** Why it cannot be applied; undefined where it was. */
  apply({ op, path, value }: PatchOperation, steps: readonly string[]): string | undefined {
    let parent: Container = this.root;
    for (const step of steps.slice(0, -1)) {
      const next = this.#step(parent, step, op === 'upsert');
      if (next === undefined) return `\`${path}\` leads through what is not there, or holds nothing`;
      parent = next;
    }
    const last = steps.at(-1)!;
    if (Array.isArray(parent))
      return changeList(parent, op, last, value) ? undefined : `\`${path}\` is no place in a list`;
    if (op !== 'upsert' && !Object.hasOwn(parent, last)) return `\`${path}\` is not there`;
    if (op === 'remove') delete parent[last];
    else parent[last] = value as Json;
    return undefined;
  }

  #step(parent: Container, step: string, makes: boolean): Container | undefined {
    if (Array.isArray(parent)) {
      const index = indexIn(parent, step);
      return index === undefined ? undefined : this.#owned(parent, index);
    }
    if (!Object.hasOwn(parent, step)) {
      if (!makes) return undefined;
      const made = {};
      this.#own.add(made);
      parent[step] = made;
    }
    return this.#owned(parent, step);
  }

  /** The container at a place of `parent`, copied before its first change; undefined where a plain value stands. */
  #owned(parent: Container, key: string | number): Container | undefined {
    const places = parent as { [key: string | number]: Json };
    const found = places[key];
    if (typeof found !== 'object' || found === null) return undefined;
    if (this.#own.has(found)) return found as Container;
    const copy = (Array.isArray(found) ? [...found] : { ...found }) as Container;
    this.#own.add(copy);
    places[key] = copy as Json;
    return copy;
  }
}

function indexIn(list: readonly Json[], step: string): number | undefined {
  return /^(0|[1-9]\d{0,8})$/.test(step) && Number(step) < list.length ? Number(step) : undefined;
}

/** In a list `upsert` inserts before a place, and `-` is its end (RFC 6902). */
function changeList(list: Json[], op: PatchOperation['op'], step: string, value: Json | undefined): boolean {
  if (step === '-') {
    if (op !== 'upsert') return false;
    list.push(value as Json);
    return true;
  }
  const index = indexIn(list, step);
  if (index === undefined) return false;
  if (op === 'remove') list.splice(index, 1);
  else list.splice(index, op === 'replace' ? 1 : 0, value as Json);
  return true;
}

/**
 * Operations that make `after` of `before`. Objects are compared key by key; a list that differs is put in whole, as is
 * an object with a differing key that a path cannot name. Undefined where no operation could tell the difference.
 */
export function diffData(before: JsonObject, after: JsonObject): PatchOperation[] | undefined {
  return diffObject(before, after, []);
}

function diffObject(
  before: JsonObject,
  after: JsonObject,
  steps: readonly string[],
): PatchOperation[] | undefined {
  const operations: PatchOperation[] = [];
  for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
    const one = diffMember(before, after, [...steps, key]);
    if (one === undefined) return undefined;
    operations.push(...one);
  }
  return operations;
}

function diffMember(
  before: JsonObject,
  after: JsonObject,
  steps: readonly string[],
): PatchOperation[] | undefined {
  const key = steps.at(-1)!;
  const [old, now] = [before, after].map((side) => (Object.hasOwn(side, key) ? side[key] : undefined));
  const path = patchPath(steps);
  if (old === undefined) return path === undefined ? undefined : [{ op: 'upsert', path, value: now! }];
  if (now === undefined) return path === undefined ? undefined : [{ op: 'remove', path }];
  if (isObject(old) && isObject(now)) {
    const inner = diffObject(old, now, steps);
    if (inner !== undefined) return inner;
  } else if (canonicalJson(old) === canonicalJson(now)) return [];
  return path === undefined ? undefined : [{ op: 'replace', path, value: now }];
}
