import type { Value } from '../../value/index.ts';
import { makeObject } from '../../value/index.ts';
import type { CoreComprehension, CoreRef, CoreTerm, Variable } from '../core.ts';
import { joinTypes } from './join-types.ts';
import { selectType, typeOfValue, valueType } from './select-types.ts';
import type { MaybeType, ObjectType, Property, Type } from './type.ts';
import { ANY, arrayType, objectType, setType } from './type.ts';
import { TypeNode } from './type-tree.ts';

/** Types a comprehension in the environment around it; undefined where its body has errors. */
export type ClosureTyper = (environment: Environment, comprehension: CoreComprehension) => MaybeType;

/** What is known of variables and documents at one place (OPA's `TypeEnv`). */
export class Environment {
  #documents: TypeNode | undefined;
  readonly #around: Environment | undefined;
  /** Whose variables are set here. */
  readonly #owner: Environment;
  #variables: Map<Variable, MaybeType> | undefined;
  /** References and comprehensions inside terms, which OPA hoists into variables, by what was inferred of them. */
  readonly #hoisted: Map<CoreTerm, MaybeType>;
  readonly #closureType: ClosureTyper;

  constructor(closureType: ClosureTyper, around?: Environment, sharesVariables = false) {
    this.#closureType = closureType;
    this.#around = around;
    this.#owner = sharesVariables ? around!.#owner : this;
    this.#hoisted = around === undefined ? new Map() : around.#hoisted;
  }

  /** The types of documents that are known here; most environments know none of their own. */
  get documents(): TypeNode {
    this.#documents ??= new TypeNode();
    return this.#documents;
  }

  /** As {@link documents}, where there are any. */
  get ownDocuments(): TypeNode | undefined {
    return this.#documents;
  }

  get around(): Environment | undefined {
    return this.#around;
  }

  /** An environment inside of this one, for a rule or a body. */
  inside(): Environment {
    return new Environment(this.#closureType, this);
  }

  /** As {@link inside}, for one expression with `with`: what it says of variables holds outside too. */
  insideWith(): Environment {
    return new Environment(this.#closureType, this, true);
  }

  variable(variable: Variable): MaybeType {
    for (let environment: Environment | undefined = this; environment !== undefined; ) {
      const known = environment.#owner.#variables;
      if (known?.has(variable) === true) return known.get(variable);
      environment = environment.#around;
    }
    return undefined;
  }

  setVariable(variable: Variable, type: MaybeType): void {
    const owner = this.#owner;
    owner.#variables ??= new Map();
    owner.#variables.set(variable, type);
  }

  setHoisted(term: CoreTerm, type: MaybeType): void {
    this.#hoisted.set(term, type);
  }

  /** The type of a term; undefined where nothing is known of it. */
  typeOf(term: CoreTerm): MaybeType {
    switch (term.kind) {
      case 'constant':
        return typeOfValue(term.value);
      case 'variable':
        return this.variable(term.variable);
      case 'ref':
        return this.typeOfRef(term) ?? this.#hoisted.get(term);
      case 'array':
        return arrayType(term.items.map((item) => this.typeOf(item)));
      case 'set': {
        let member: MaybeType;
        for (const item of term.items) member = joinTypes(member, this.typeOf(item));
        return setType(member);
      }
      case 'object':
        return this.#typeOfObject(term.entries);
      case 'comprehension':
        return this.#closureType(this, term) ?? this.#hoisted.get(term);
      case 'call':
        return undefined;
    }
  }

  #typeOfObject(entries: readonly (readonly [CoreTerm, CoreTerm])[]): Type {
    const properties: Property[] = [];
    let rest: ObjectType['rest'];
    for (const [key, value] of entries) {
      const known = constantOf(key);
      if (known === undefined) rest = joinedRest(rest, { key: this.typeOf(key), value: this.typeOf(value) });
      else properties.push({ key: known, value: this.typeOf(value) });
    }
    return objectType(properties, rest);
  }

  /** The type of what a reference selects. */
  typeOfRef({ root, parts }: CoreRef): MaybeType {
    if (typeof root === 'object') {
      if (root.kind !== 'variable') return this.typeOf(root);
      if (isScalarRoot(root)) return undefined;
      return selectParts(this.variable(root.variable), parts, 0);
    }
    return this.typeOfPath(root, parts);
  }

  /** The type of what a reference into `input` or `data` selects. */
  typeOfPath(root: 'input' | 'data', parts: readonly CoreTerm[]): MaybeType {
    const node = this.#documents?.child(root);
    return node === undefined ? this.#fallback(root, parts) : this.#select(node, root, parts);
  }

  /** The type of the function or rule at a path below `data`. */
  typeOfDocument(path: readonly string[], location: CoreTerm['location']): MaybeType {
    return this.typeOfPath(
      'data',
      path.map((value) => ({ kind: 'constant', value, location })),
    );
  }

  /** Not known here: what the environments around know, or anything. */
  #fallback(root: 'input' | 'data', parts: readonly CoreTerm[]): MaybeType {
    return this.#around === undefined ? ANY : this.#around.typeOfPath(root, parts);
  }

  #select(start: TypeNode, root: 'input' | 'data', parts: readonly CoreTerm[]): MaybeType {
    let node = start;
    for (let index = 0; index < parts.length; index++) {
      const key = scalarOf(parts[index]!);
      const child = key === undefined ? undefined : node.child(key);
      if (node.type !== undefined && child === undefined) return selectParts(node.type, parts, index);
      if (key === undefined) return selectParts(node.extent(), parts, index);
      if (child === undefined) return this.#fallback(root, parts);
      node = child;
    }
    return node.extent();
  }
}

function selectParts(from: MaybeType, parts: readonly CoreTerm[], start: number): MaybeType {
  let type = from;
  for (let index = start; index < parts.length && type !== undefined; index++) {
    const key = scalarOf(parts[index]!);
    type = key === undefined ? valueType(type) : selectType(type, key);
  }
  return type;
}

/**
 * Whether a reference begins at a scalar (`1[x]`). OPA leaves such a one in its place, where it has no type; other
 * values become variables before types are looked at.
 */
export function isScalarRoot(root: CoreTerm): boolean {
  return root.kind === 'variable' && root.variable.standsFor?.kind === 'constant';
}

/** The value of a scalar constant. */
export function scalarOf(term: CoreTerm): Value | undefined {
  return term.kind === 'constant' ? term.value : undefined;
}

/**
 * OPA takes the last of several computed keys, in an order of terms that its stages change; with all of them nothing is
 * refused that may be right.
 */
function joinedRest(before: ObjectType['rest'], more: NonNullable<ObjectType['rest']>): ObjectType['rest'] {
  if (before === undefined) return more;
  return { key: joinKnown(before.key, more.key), value: joinKnown(before.value, more.value) };
}

/** What is not known joined with anything is not known. */
function joinKnown(one: MaybeType, other: MaybeType): MaybeType {
  return one === undefined || other === undefined ? undefined : joinTypes(one, other);
}

/** The value of a term without variables, references and closures. */
export function constantOf(term: CoreTerm): Value | undefined {
  switch (term.kind) {
    case 'constant':
      return term.value;
    case 'array':
    // As JSON a set is an array.
    case 'set':
      return constantsOf(term.items);
    case 'object': {
      const keys = constantsOf(term.entries.map(([key]) => key));
      const values = constantsOf(term.entries.map(([, value]) => value));
      return keys && values && makeObject(keys.map((key, index) => [key, values[index]!]));
    }
    default:
      return undefined;
  }
}

function constantsOf(terms: readonly CoreTerm[]): Value[] | undefined {
  const values: Value[] = [];
  for (const term of terms) {
    const value = constantOf(term);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}
