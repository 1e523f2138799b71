import type { Document, Node, Pair, Scalar, YAMLError, YAMLMap } from 'yaml';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';

/** The fields of a `METADATA` block as YAML gives them, before what they say is looked at. */
export interface RawAnnotations {
  readonly scope: string;
  readonly title: string;
  readonly description: string;
  readonly entrypoint: boolean;
  readonly organizations: readonly string[];
  readonly related_resources: readonly unknown[];
  readonly authors: readonly unknown[];
  readonly schemas: readonly Readonly<Record<string, unknown>>[];
  readonly compile: Readonly<Record<string, unknown>> | undefined;
  readonly custom: Readonly<Record<string, unknown>> | undefined;
  readonly labels: Readonly<Record<string, unknown>> | undefined;
}

/** What is wrong with a block, in OPA's words, and the line that its message names. */
export class AnnotationFault {
  readonly message: string;
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    this.message = message;
    this.line = line;
  }
}

/** A map whose keys are not all strings; OPA says so where the map is used. */
export class OddMap {}

/** Nodes that the aliases of one block may stand for. */
const ALIASES_MAX = 100;

/** Reads a block as Go's YAML decoder reads it into OPA's structure: faults of all fields in one message. */
export function readYaml(text: string): RawAnnotations | AnnotationFault {
  const lines = new LineCounter();
  // YAML 1.2 core schema, as OPA reads it since 1.21.
  const document = parseDocument(text, { version: '1.2', uniqueKeys: false, lineCounter: lines });
  const [error] = document.errors;
  if (error) return syntaxFault(error, text, lines);
  try {
    return new BlockReader(document, lines).read();
  } catch (caught) {
    if (caught instanceof AnnotationFault) return caught;
    throw caught;
  }
}

/** Go's words for what the library finds, and how its line counts: from the end of the place, or one less. */
const SYNTAX_FAULTS: readonly (readonly [found: RegExp, words: string, less: number])[] = [
  [/^Nested mappings/, 'mapping values are not allowed in this context', 0],
  [/^Plain value cannot start|^Tabs are not allowed/, 'found character that cannot start any token', 0],
  [/^Missing closing/, 'found unexpected end of stream', 0],
  [/^Implicit map keys need/, "could not find expected ':'", 0],
  [/^Flow sequence/, "did not find expected ',' or ']'", 1],
  [/^Flow map/, 'did not find expected node content', 1],
  [/^A block sequence may not be used/, 'did not find expected key', 1],
];

function syntaxFault(error: YAMLError, text: string, lines: LineCounter): AnnotationFault {
  const [message = ''] = error.message.split(/ at line |\n/, 1);
  const [, words = message, less = 0] = SYNTAX_FAULTS.find(([found]) => found.test(message)) ?? [];
  const line = lines.linePos(Math.min(error.pos[1], text.length)).line - less;
  // A first line is not named.
  if (line + less <= 1) return new AnnotationFault(`yaml: ${words}`);
  return new AnnotationFault(`yaml: line ${line}: ${words}`, line);
}

class BlockReader {
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #faults: { readonly line: number; readonly text: string }[] = [];
  #aliases = 0;

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  read(): RawAnnotations | AnnotationFault {
    const root = this.#target(this.#document.contents);
    const fields: Record<string, unknown> = { ...EMPTY };
    if (isMap(root)) {
      this.#checkKeys(root);
      for (const pair of root.items) this.#field(pair as Pair<Node, Node | null>, fields);
    } else if (root !== null && !isNull(root)) this.#refuse(root, 'ast.rawAnnotation');
    const [first] = this.#faults;
    if (first === undefined) return fields as unknown as RawAnnotations;
    const all = this.#faults.map(({ line, text }) => `line ${line}: ${text}`).join('\n  ');
    return new AnnotationFault(`yaml: unmarshal errors:\n  ${all}`, first.line);
  }

  #field({ key, value }: Pair<Node, Node | null>, fields: Record<string, unknown>): void {
    const name = isScalar(key) ? String(key.value) : '';
    const kind = KINDS[name];
    const node = this.#target(value);
    if (kind === undefined || node === null || isNull(node)) return;
    const read = this.#asKind(kind, node);
    if (read !== undefined) fields[name] = read;
  }

  #asKind(kind: FieldKind, node: Node): unknown {
    switch (kind) {
      case 'string':
        return isScalar(node) ? scalarText(node) : this.#refuse(node, kind);
      case 'bool': {
        const value = isScalar(node) ? booleanOf(node) : undefined;
        return value ?? this.#refuse(node, kind);
      }
      case '[]string':
        return this.#list(node, kind, (item) => this.#asKind('string', item));
      case '[]interface {}':
        return this.#list(node, kind, (item) => this.#any(item));
      case '[]map[string]interface {}':
        return this.#list(node, kind, (item) => this.#asKind('map[string]interface {}', item));
      case 'map[string]interface {}':
        return isMap(node) ? this.#map(node, false) : this.#refuse(node, kind);
    }
  }

  #list(node: Node, kind: FieldKind, each: (item: Node) => unknown): unknown {
    if (!isSeq(node)) return this.#refuse(node, kind);
    const items = node.items.map((item) => {
      const target = this.#target(item as Node | null);
      return target === null || isNull(target) ? null : each(target);
    });
    return items.filter((item) => item !== undefined);
  }

  #any(node: Node | null): unknown {
    const target = this.#target(node);
    if (target === null) return null;
    if (isSeq(target)) return target.items.map((item) => this.#any(item as Node | null));
    if (isMap(target)) return this.#map(target, true);
    return isScalar(target) ? target.value : null;
  }

  #map(map: YAMLMap, onlyStrings: boolean): unknown {
    this.#checkKeys(map);
    const result: Record<string, unknown> = Object.create(null);
    for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
      const name = this.#target(key);
      if (!isScalar(name)) return new OddMap();
      if (onlyStrings && typeof name.value !== 'string') return new OddMap();
      result[scalarText(name)] = this.#any(value);
    }
    return result;
  }

  #checkKeys(map: YAMLMap): void {
    const lines = new Map<string, number>();
    for (const { key } of map.items as Pair<Node, Node | null>[]) {
      if (!isScalar(key)) continue;
      const name = scalarText(key);
      const line = this.#line(key);
      const before = lines.get(name);
      if (before === undefined) lines.set(name, line);
      else
        this.#faults.push({
          line,
          text: `mapping key ${JSON.stringify(name)} already defined at line ${before}`,
        });
    }
  }

  /** What an alias stands for; not too many, for aliases can blow a small block up. */
  #target(node: Node | null): Node | null {
    if (!isAlias(node)) return node;
    this.#aliases++;
    const target = node.resolve(this.#document);
    if (target === undefined) throw new AnnotationFault(`yaml: unknown anchor '${node.source}' referenced`);
    if (this.#aliases > ALIASES_MAX) throw new AnnotationFault('yaml: document contains excessive aliasing');
    return target;
  }

  #line(node: Node): number {
    return this.#lines.linePos(node.range?.[0] ?? 0).line;
  }

  #refuse(node: Node, into: string): undefined {
    const what = isMap(node) ? '!!map' : isSeq(node) ? '!!seq' : scalarTag(node as Scalar);
    this.#faults.push({ line: this.#line(node), text: `cannot unmarshal ${what} into ${into}` });
    return undefined;
  }
}

type FieldKind =
  | 'string'
  | 'bool'
  | '[]string'
  | '[]interface {}'
  | '[]map[string]interface {}'
  | 'map[string]interface {}';

const KINDS: Readonly<Record<string, FieldKind>> = Object.assign(Object.create(null), {
  scope: 'string',
  title: 'string',
  entrypoint: 'bool',
  description: 'string',
  organizations: '[]string',
  related_resources: '[]interface {}',
  authors: '[]interface {}',
  schemas: '[]map[string]interface {}',
  compile: 'map[string]interface {}',
  custom: 'map[string]interface {}',
  labels: 'map[string]interface {}',
} satisfies Record<keyof RawAnnotations, FieldKind>);

const EMPTY: RawAnnotations = {
  scope: '',
  title: '',
  description: '',
  entrypoint: false,
  organizations: [],
  related_resources: [],
  authors: [],
  schemas: [],
  compile: undefined,
  custom: undefined,
  labels: undefined,
};

function isNull(node: Node): boolean {
  return isScalar(node) && node.value === null;
}

function scalarText(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}

const YES = new Set(['y', 'Y', 'yes', 'on']);
const NO = new Set(['n', 'N', 'no', 'off']);

/** Words that YAML 1.1 reads as booleans count where one is wanted. */
function booleanOf({ value }: Scalar): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string') return undefined;
  return YES.has(value) ? true : NO.has(value) ? false : undefined;
}

function scalarTag(node: Scalar): string {
  const { value } = node;
  const text = scalarText(node);
  const shown = text.length > 10 ? `${text.slice(0, 7)}...` : text;
  const tag =
    typeof value === 'boolean'
      ? '!!bool'
      : typeof value !== 'number'
        ? '!!str'
        : Number.isInteger(value) && !/[.eE]/.test(text)
          ? '!!int'
          : '!!float';
  return `${tag} \`${shown}\``;
}
