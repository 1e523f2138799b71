import type { Annotations, Module, SchemaAnnotation, Term } from '../../syntax/ast.ts';
import type { Value } from '../../value/index.ts';
import { fromParsed, numberFromText } from '../../value/index.ts';
import type { CoreRule } from '../core.ts';
import { groundHead, pathKey } from '../names.ts';
import { stepText } from '../term-text.ts';
import type { Environment } from './environment.ts';
import { overrideDocument } from './override-type.ts';
import { schemaType } from './schema-type.ts';
import type { Type } from './type.ts';
import type { TypeFault } from './type-errors.ts';

/** JSON Schemas by the path that annotations name them by: `schema`, `schema.input`, `schema["a-b"]`. */
export type SchemaSet = ReadonlyMap<string, Value>;

/** One entry of `schemas:` in an annotation. */
interface SchemaEntry {
  readonly path: readonly Value[];
  /** Key of a schema in the set; else the schema itself. */
  readonly name?: { readonly key: string; readonly text: string };
  readonly definition?: Value;
}

/** The key by which a {@link SchemaSet} knows a path below `schema`. */
export function schemaKey(path: readonly string[]): string {
  return pathKey(path);
}

/** What annotations say about the types of documents, by the scope that they have. */
export class SchemaAnnotations {
  readonly #schemas: SchemaSet | undefined;
  readonly #subpackages = new Map<string, readonly SchemaEntry[]>();
  readonly #packages = new Map<string, readonly SchemaEntry[]>();
  readonly #documents = new Map<string, readonly SchemaEntry[]>();
  readonly #rules = new Map<CoreRule['location'], readonly SchemaEntry[]>();
  readonly #types = new Map<string, Type>();

  constructor(modules: readonly Module[], schemas: SchemaSet | undefined) {
    this.#schemas = schemas;
    for (const module of modules) this.#collect(module);
  }

  /** Whether no annotation names a schema. */
  get isEmpty(): boolean {
    return this.#subpackages.size + this.#packages.size + this.#documents.size + this.#rules.size === 0;
  }

  /** Overrides types for a branch of a rule; what is wrong with its annotations is given back. */
  apply(rule: CoreRule, branch: number, environment: Environment): TypeFault[] {
    const faults: TypeFault[] = [];
    const { location } = rule.branches[branch]!;
    for (const entry of this.#entriesOf(rule, branch)) {
      const type = this.#typeOf(entry);
      if (type === undefined) continue;
      if ('problem' in type) faults.push({ message: type.problem, location, vague: false });
      else overrideDocument(environment, entry.path, type, location);
    }
    return faults;
  }

  /** The outermost scope first, so that the innermost has the last word. */
  #entriesOf(rule: CoreRule, branch: number): SchemaEntry[] {
    const found: SchemaEntry[] = [];
    const { packagePath } = rule;
    for (let length = 0; length <= packagePath.length && this.#subpackages.size > 0; length++) {
      found.push(...(this.#subpackages.get(pathKey(packagePath.slice(0, length))) ?? []));
    }
    found.push(...(this.#packages.get(pathKey(packagePath)) ?? []));
    found.push(...(this.#documents.get(pathKey(rule.path)) ?? []));
    if (branch === 0) found.push(...(this.#rules.get(rule.location) ?? []));
    return found;
  }

  #typeOf(entry: SchemaEntry): Type | { readonly problem: string } | undefined {
    if (entry.name === undefined) {
      return entry.definition === undefined ? undefined : schemaType(entry.definition);
    }
    if (this.#schemas === undefined) return undefined;
    const { key, text } = entry.name;
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    const schema = this.#schemas.get(key);
    if (schema === undefined) return { problem: `undefined schema: ${text}` };
    const type = schemaType(schema);
    if (!('problem' in type)) this.#types.set(key, type);
    return type;
  }

  #collect(module: Module): void {
    const { path } = module.package;
    for (const annotations of module.annotations) {
      const { scope, target } = annotations;
      if (scope === 'package') add(this.#packages, pathKey(path), annotations);
      else if (scope === 'subpackages') add(this.#subpackages, pathKey(path), annotations);
      if (target.kind !== 'rule') continue;
      const rule = module.rules[target.rule]!;
      if (scope === 'rule') add(this.#rules, rule.location, annotations);
      else if (scope === 'document') {
        add(this.#documents, pathKey([...path, ...groundHead(rule)]), annotations);
      }
    }
  }
}

function add<K>(map: Map<K, readonly SchemaEntry[]>, key: K, annotations: Annotations): void {
  const entries = entriesIn(annotations);
  if (entries.length > 0) map.set(key, [...(map.get(key) ?? []), ...entries]);
}

function entriesIn({ schemas = [] }: Annotations): SchemaEntry[] {
  return schemas.flatMap((schema) => entryOf(schema) ?? []);
}

function entryOf({ path: document, schema, definition }: SchemaAnnotation): SchemaEntry | undefined {
  const path = stepsOf(document);
  if (path === undefined || (path[0] !== 'input' && path[0] !== 'data')) return undefined;
  if (schema === undefined) {
    const read = fromParsed(definition);
    return read === undefined ? undefined : { path, definition: read };
  }
  const names = stepsOf(schema)?.slice(1).map(String);
  if (names === undefined) return undefined;
  return { path, name: { key: schemaKey(names), text: `schema${names.map(stepText).join('')}` } };
}

/** A reference without variables, as the steps of its path. */
function stepsOf([head, ...parts]: readonly Term[]): readonly Value[] | undefined {
  if (head?.kind !== 'var') return undefined;
  const steps = parts.map(scalarValue);
  return steps.includes(undefined) ? undefined : [head.name, ...(steps as Value[])];
}

function scalarValue(term: Term): Value | undefined {
  switch (term.kind) {
    case 'string':
    case 'boolean':
      return term.value;
    case 'null':
      return null;
    case 'number':
      return numberFromText(term.text);
    default:
      return undefined;
  }
}
