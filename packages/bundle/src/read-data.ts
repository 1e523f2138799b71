import { posix } from 'node:path';
import {
  checkStrictValue,
  type Json,
  type JsonObject,
  readStrictBytes,
  type StrictJsonLimits,
} from '@writ/decision';
import { LineCounter, parseDocument } from 'yaml';
import type { BundleLimits } from './bundle.ts';
import type { BundleFile } from './files.ts';
import { lazyOf } from './large/lazy-json.ts';
import { LARGE_BYTES, readLarge } from './large/read-large.ts';
import type { BundleProblem } from './problem.ts';

/** Aliases that one YAML document may expand: enough for anchors used by people, too few for a bomb. */
const YAML_ALIASES_MAX = 200;

/** Nesting of arrays and objects in one document. */
const DEPTH_MAX = 500;

export type DocumentResult =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly problem: BundleProblem };

/** One data document, read strictly: JSON as arguments are read, YAML 1.2 core with unique keys. */
export function readDocument(file: BundleFile, limits: BundleLimits): DocumentResult {
  const strict: StrictJsonLimits = { sizeBytesMax: limits.fileSizeBytesMax, depthMax: DEPTH_MAX };
  return /\.ya?ml$/.test(file.path) ? readYaml(file, strict) : readJson(file, strict);
}

function readJson(file: BundleFile, limits: StrictJsonLimits): DocumentResult {
  if (file.bytes.length >= LARGE_BYTES && file.bytes.length <= limits.sizeBytesMax!) {
    const large = readLarge(file.bytes, DEPTH_MAX);
    if (large !== undefined) return { ok: true, value: large };
  }
  const read = readStrictBytes(file.bytes, limits);
  if (read.ok) return read;
  const { line, column, message, code } = read;
  return refuse(file, `${message} (${code})`, { row: line, column });
}

function readYaml(file: BundleFile, limits: StrictJsonLimits): DocumentResult {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(file.bytes);
  } catch {
    return refuse(file, 'text is not UTF-8');
  }
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    uniqueKeys: true,
    intAsBigInt: true,
    stringKeys: true,
    lineCounter,
  });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault !== undefined) {
    const [row, column] = [fault.linePos?.[0].line, fault.linePos?.[0].col];
    const message = fault.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
    return refuse(file, `${message.charAt(0).toLowerCase()}${message.slice(1)}`, {
      ...(row === undefined ? {} : { row }),
      ...(column === undefined ? {} : { column }),
    });
  }
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: YAML_ALIASES_MAX });
  } catch {
    return refuse(file, `more than ${YAML_ALIASES_MAX} aliases are expanded`);
  }
  const value = withExactNumbers(plain);
  if (value === undefined)
    return refuse(file, 'an integer is beyond what a double holds exactly (number_not_exact)');
  const checked = checkStrictValue(value, limits);
  return checked.ok
    ? checked
    : refuse(file, `${checked.message} (${checked.code})`, { pointer: checked.pointer });
}

/** YAML's integers arrive as big ones, so that those which a double would change are seen and refused. */
function withExactNumbers(value: unknown): unknown {
  if (typeof value === 'bigint')
    return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  if (Array.isArray(value)) {
    const items = value.map(withExactNumbers);
    return items.includes(undefined) ? undefined : items;
  }
  if (typeof value === 'object' && value !== null) {
    const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [key, member] of Object.entries(value)) {
      const exact = withExactNumbers(member);
      if (exact === undefined) return undefined;
      copy[key] = exact;
    }
    return copy;
  }
  return value;
}

function refuse(
  file: BundleFile,
  message: string,
  place: { row?: number; column?: number; pointer?: string } = {},
): DocumentResult {
  return { ok: false, problem: { code: 'data_invalid', message, file: file.path, ...place } };
}

/** A data document with the place in `data` that its folder gives it. */
export interface PlacedDocument {
  readonly file: string;
  readonly path: readonly string[];
  readonly value: Json;
}

export function placeOf(file: string): readonly string[] {
  const folder = posix.dirname(file);
  return folder === '.' ? [] : folder.split('/');
}

interface Node {
  [key: string]: Json;
}

/** One `data` from documents by folder: objects merge, anything else that meets is a conflict named with both files. */
export function mergeDocuments(documents: readonly PlacedDocument[]): {
  readonly data: JsonObject;
  readonly problems: readonly BundleProblem[];
} {
  const merged = new Merged();
  const problems: BundleProblem[] = [];
  for (const document of documents) {
    // As a key it is refused inside documents already; as a folder it would reach the prototype.
    if (document.path.includes('__proto__')) {
      const message = 'key `__proto__` is not allowed (json_forbidden_key)';
      problems.push({ code: 'data_invalid', message, file: document.file });
      continue;
    }
    const wrapped = document.path.reduceRight<Json>((value, key) => ({ [key]: value }), document.value);
    if (!isObject(wrapped)) {
      problems.push({
        code: 'data_invalid',
        message: 'the document at the top must be an object',
        file: document.file,
      });
      continue;
    }
    const conflict = merged.add(wrapped);
    if (conflict !== undefined) {
      const message = `another file gives \`data${conflict.replaceAll('/', '.')}\` a value too`;
      problems.push({ code: 'data_conflict', message, file: document.file, pointer: conflict });
    }
  }
  return { data: merged.root, problems };
}

/** Objects laid over each other. Documents are shared until another one lays something into them: then it is a copy that changes. */
class Merged {
  root: Node = {};
  readonly #own = new WeakSet<object>([this.root]);

  /** The place where the document meets another value; undefined where it fits. */
  add(document: JsonObject): string | undefined {
    // A document that stands alone is taken as it is, lazily where it is so.
    if (lazyOf(document) !== undefined && Object.keys(this.root).length === 0) {
      this.root = document as Node;
      return undefined;
    }
    this.root = this.#owned(this.root);
    return this.#lay(this.root, document, '');
  }

  #lay(target: Node, source: JsonObject, pointer: string): string | undefined {
    for (const [key, value] of Object.entries(source)) {
      const here = `${pointer}/${key}`;
      const present = Object.hasOwn(target, key) ? target[key] : undefined;
      if (present === undefined) target[key] = value;
      else if (isObject(present) && isObject(value)) {
        const inner = this.#owned(present as Node);
        target[key] = inner;
        const conflict = this.#lay(inner, value, here);
        if (conflict !== undefined) return conflict;
      } else return here;
    }
    return undefined;
  }

  #owned(node: Node): Node {
    if (this.#own.has(node)) return node;
    const copy = { ...node };
    this.#own.add(copy);
    return copy;
  }
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
