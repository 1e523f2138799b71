import type { Alias, Document, ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments } from 'yaml';
import type { NumberValue, Value } from '../value/index.ts';
import { makeObject, toJson } from '../value/index.ts';
import type { BuiltinError } from './builtin.ts';
import { textOfBytes } from './bytes.ts';
import { fault } from './fault.ts';
import type { PlainScalar } from './yaml-scalar.ts';
import { findUnreadable, resolvePlain } from './yaml-scalar.ts';

/** Nodes that the aliases of one document may stand for. */
const ALIASED_NODES_MAX = 100_000;
/** Nesting of one document. */
const DEPTH_MAX = 1_000;

type YamlNode = Alias | Scalar | YAMLMap | YAMLSeq | ParsedNode | null;

/** Ends the reading of a document; caught in this file. */
class Refusal {
  readonly problem: string;
  constructor(problem: string) {
    this.problem = problem;
  }
}

function refuse(problem: string): never {
  throw new Refusal(problem);
}

/** The part of a tag behind `tag:yaml.org,2002:`; undefined for tags of others. */
function coreTag(tag: string | undefined): string | undefined {
  return tag?.startsWith('tag:yaml.org,2002:') ? tag.slice('tag:yaml.org,2002:'.length) : undefined;
}

const RESOLVED_TAGS: ReadonlySet<string> = new Set(['null', 'bool', 'int', 'float', 'timestamp', 'merge']);

class Reader {
  readonly #document: Document;
  readonly #open = new Set<YamlNode>();
  readonly #targets = new Map<Alias, YamlNode>();
  #aliases = 0;
  #aliased = 0;

  constructor(document: Document) {
    this.#document = document;
  }

  read(node: YamlNode, depth = 0): Value {
    if (this.#aliases > 0) this.#aliased++;
    if (this.#aliased > ALIASED_NODES_MAX || depth > DEPTH_MAX) {
      refuse('yaml: document contains excessive aliasing');
    }
    if (isAlias(node)) {
      this.#aliases++;
      const value = this.#inside(node, () => this.read(this.#target(node), depth + 1));
      this.#aliases--;
      return value;
    }
    if (isMap(node)) return this.#inside(node, () => this.#map(node, depth));
    if (isSeq(node)) {
      return this.#inside(node, () => node.items.map((item) => this.read(item as YamlNode, depth + 1)));
    }
    const scalar = this.#scalar(node);
    if (scalar.tag === 'infinite') refuse(`json: unsupported value: ${scalar.value}`);
    return scalar.value;
  }

  #inside<Result>(node: YamlNode, read: () => Result): Result {
    if (this.#open.has(node)) refuse('yaml: anchor contains itself');
    this.#open.add(node);
    const result = read();
    this.#open.delete(node);
    return result;
  }

  #target(alias: Alias): YamlNode {
    const known = this.#targets.get(alias);
    if (known !== undefined) return known;
    const target = alias.resolve(this.#document);
    if (target === undefined) return refuse(`yaml: unknown anchor '${alias.source}' referenced`);
    this.#targets.set(alias, target);
    return target;
  }

  #scalar(node: Scalar | ParsedNode | null): PlainScalar {
    if (!isScalar(node)) return { tag: 'null', value: null };
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    const tag = coreTag(node.tag);
    if (tag === 'binary') return { tag: 'str', value: binary(text) };
    if (tag !== undefined && RESOLVED_TAGS.has(tag)) return tagged(text, tag);
    if (node.tag !== undefined || (node.type !== 'PLAIN' && node.type !== undefined)) {
      return { tag: 'str', value: text };
    }
    return resolvePlain(text);
  }

  #map(node: YAMLMap, depth: number): Value {
    const own = new Map<string, Value>();
    const merged = new Map<string, Value>();
    for (const { key, value } of node.items) {
      const named = this.#key(key as YamlNode);
      if (named.tag === 'merge') this.#merge(value as YamlNode, merged, depth);
      else own.set(keyText(named), this.read(value as YamlNode, depth + 1));
    }
    return makeObject([...merged, ...own]);
  }

  #key(node: YamlNode): PlainScalar {
    if (isAlias(node)) return this.#key(this.#target(node));
    if (isMap(node) || isSeq(node)) {
      return refuse(`yaml: invalid map key: ${toJson(this.read(node))}`);
    }
    return this.#scalar(node);
  }

  /** What is merged first counts; a map's own keys count before all. */
  #merge(node: YamlNode, into: Map<string, Value>, depth: number): void {
    const target = isAlias(node) ? this.#target(node) : node;
    const sources = isSeq(target) ? (target.items as YamlNode[]) : [target];
    for (const source of sources) {
      const map = isAlias(source) ? this.#target(source) : source;
      if (!isMap(map)) refuse('yaml: map merge requires map or sequence of maps as the value');
      const read = this.read(map, depth + 1) as Readonly<Record<string, Value>>;
      for (const [name, value] of Object.entries(read)) if (!into.has(name)) into.set(name, value);
    }
  }
}

function tagged(text: string, tag: string): PlainScalar {
  const found = resolvePlain(text);
  const kind = found.tag === 'infinite' ? 'float' : found.tag;
  if (kind === tag || (tag === 'float' && kind === 'int')) return found;
  return refuse(`yaml: cannot decode !!${kind} \`${text}\` as a !!${tag}`);
}

function binary(text: string): string {
  try {
    return textOfBytes(Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0)));
  } catch {
    return refuse('yaml: !!binary value contains invalid base64 data');
  }
}

/** The name in JSON of a key, which YAML allows to be of any type. */
function keyText(key: PlainScalar): string {
  const { value } = key;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (key.tag === 'int') return toJson(value);
  if (key.tag === 'float') return toJson(Math.fround(Number(toJson(value as NumberValue))));
  return refuse('unsupported map key of type: <nil>');
}

/** What is wrong with a directive before the first document. */
function wrongDirective(text: string): string | undefined {
  for (const line of text.split(/\r?\n|\r/)) {
    if (/^\s*(?:#.*)?$/.test(line)) continue;
    if (!line.startsWith('%')) return undefined;
    if (
      /^%YAML[ \t]+1\.1[ \t]*(?:#.*)?$/.test(line) ||
      /^%TAG[ \t]+![\w-]*!?[ \t]+\S+[ \t]*(?:#.*)?$/.test(line)
    )
      continue;
    if (/^%YAML[ \t]+\d+\.\d+/.test(line)) return 'found incompatible YAML document';
    return /^%\w/.test(line) ? 'found unknown directive name' : 'could not find expected directive name';
  }
  return undefined;
}

/** A single scalar without quotes, in which separators of lines that stand between letters are kept as they are. */
function isOneWord(text: string): boolean {
  return (
    /^[\p{L}\p{N}](?:[^\n\r\u0085:#]*[\p{L}\p{N}])?$/u.test(text) &&
    !/\s[\u2028\u2029]|[\u2028\u2029]\s/.test(text)
  );
}

/** Reads the first document of a YAML text as JSON; the others must be YAML too. Source: go-yaml v3, as OPA uses it. */
export function readYaml(text: string): Value | BuiltinError {
  if (findUnreadable(text)) return fault('yaml: control characters are not allowed');
  if (/[\u2028\u2029]/.test(text) && !isOneWord(text))
    return fault('yaml: line separators of Unicode are not supported');
  const directive = wrongDirective(text);
  if (directive !== undefined) return fault(`yaml: ${directive}`);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text.replaceAll('\u0085', '\n'), {
    schema: 'failsafe',
    uniqueKeys: false,
    logLevel: 'silent',
    prettyErrors: false,
    lineCounter: lines,
  });
  if (!Array.isArray(documents)) return null;
  for (const document of documents as Document[]) {
    const version = document.directives?.yaml;
    if (version?.explicit === true && version.version !== '1.1') {
      return fault('yaml: found incompatible YAML document');
    }
    const [error] = document.errors;
    if (error === undefined) continue;
    const isOpen = error.code === 'MISSING_CHAR' || error.code === 'BAD_INDENT';
    const problem = isOpen && /Flow/.test(error.message) ? "did not find expected ',' or ']'" : error.message;
    return fault(`yaml: line ${lines.linePos(error.pos[0]).line}: ${problem}`);
  }
  const [first] = documents as Document[];
  if (first === undefined) return null;
  try {
    return new Reader(first).read(first.contents as YamlNode);
  } catch (caught) {
    if (caught instanceof Refusal) return fault(caught.problem);
    throw caught;
  }
}
