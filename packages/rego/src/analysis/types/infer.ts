import type { CoreArray, CoreObject, CoreTerm } from '../core.ts';
import { constantOf, type Environment } from './environment.ts';
import { joinTypes } from './join-types.ts';
import { isUnknown, itemType, selectProperty, valueType } from './select-types.ts';
import type { ArrayType, MaybeType, ObjectType } from './type.ts';
import { ANY, isAny, unwrap } from './type.ts';
import { unifies } from './unifies.ts';

/**
 * Whether a term can have values of a type; variables without a type get theirs from it (OPA's `unify1`). With
 * `union` the type is one of several, and what is inferred adds up.
 */
export function infer(environment: Environment, term: CoreTerm, type: MaybeType, union = false): boolean {
  switch (term.kind) {
    case 'array':
    case 'object':
    case 'set':
      return inferComposite(environment, term, type, union);
    case 'variable': {
      const { variable } = term;
      const known = environment.variable(variable);
      if (union) environment.setVariable(variable, joinTypes(known, type));
      else if (known !== undefined) return unifies(known, type);
      else environment.setVariable(variable, type);
      return true;
    }
    case 'ref':
    case 'comprehension': {
      const known = environment.typeOf(term);
      if (union) {
        if (known === undefined) environment.setHoisted(term, type);
        return true;
      }
      if (known !== undefined) return unifies(known, type);
      environment.setHoisted(term, type);
      return true;
    }
    case 'constant':
    case 'call':
      return unifies(environment.typeOf(term), type);
  }
}

type Composite = Extract<CoreTerm, { kind: 'array' | 'object' | 'set' }>;

function inferComposite(environment: Environment, term: Composite, type: MaybeType, union: boolean): boolean {
  if (type?.kind === 'any') {
    if (isAny(type)) {
      for (const part of partsOf(term)) infer(environment, part, ANY, true);
      return true;
    }
    let fits = false;
    for (const member of type.members) fits = infer(environment, term, member, true) || fits;
    return fits;
  }
  if (term.kind === 'set') {
    if (type?.kind !== 'set') return false;
    const member = valueType(type);
    return term.items.every((item) => infer(environment, item, member, union));
  }
  const plain = unwrap(type);
  if (term.kind === 'array') {
    return plain?.kind === 'array' && inferArray(environment, term, plain, union);
  }
  return plain?.kind === 'object' && inferObject(environment, term, plain, union);
}

function partsOf(term: Composite): CoreTerm[] {
  return term.kind === 'object' ? term.entries.flat() : term.items;
}

function inferArray(environment: Environment, term: CoreArray, type: ArrayType, union: boolean): boolean {
  if (term.items.length !== type.items.length && type.rest === undefined) return false;
  return term.items.every((item, index) => infer(environment, item, itemType(type, index), union));
}

function inferObject(environment: Environment, term: CoreObject, type: ObjectType, union: boolean): boolean {
  if (term.entries.length !== type.properties.length && type.rest?.value === undefined) return false;
  return term.entries.every(([key, value]) => {
    const known = constantOf(key);
    if (known === undefined) {
      infer(environment, value, ANY, union);
      return true;
    }
    const property = selectProperty(type, known);
    return property !== undefined && infer(environment, value, property, union);
  });
}

/** Whether two terms can be equal; variables get types from both directions (OPA's `unify2`). */
export function inferEqual(
  environment: Environment,
  a: CoreTerm,
  typeA: MaybeType,
  b: CoreTerm,
  typeB: MaybeType,
  isNested = false,
): boolean {
  const unknownA = isUnknown(typeA);
  const unknownB = isUnknown(typeB);
  const inferOne = isNested ? infer : inferShallow;
  if (unknownA && !unknownB) return inferOne(environment, a, typeB);
  if (unknownB && !unknownA) return inferOne(environment, b, typeA);
  if (!unknownA) return unifies(typeA, typeB);
  if (a.kind === 'array') return inferArrays(environment, a, b, isNested);
  if (a.kind === 'object') return inferObjects(environment, a, b, isNested);
  if (actsAsVariable(a, isNested)) {
    if (actsAsVariable(b, isNested)) return inferSame(environment, a, b);
    if (b.kind === 'array') return inferArrays(environment, b, a, isNested);
    if (b.kind === 'object') return inferObjects(environment, b, a, isNested);
  }
  // One side is only partly known, as a comprehension may be: the variable gets what there is.
  if (a.kind === 'variable' && typeA === undefined && typeB !== undefined)
    return infer(environment, a, typeB);
  if (b.kind === 'variable' && typeB === undefined && typeA !== undefined)
    return infer(environment, b, typeA);
  return false;
}

/** Inside of arrays and objects OPA has put variables in the place of references and closures. */
function actsAsVariable({ kind }: CoreTerm, isNested: boolean): boolean {
  return kind === 'variable' || (isNested && (kind === 'ref' || kind === 'comprehension'));
}

/** An operand of an equality stays where it is: a reference or closure without a type fits nothing. */
function inferShallow(environment: Environment, term: CoreTerm, type: MaybeType): boolean {
  if (term.kind === 'ref' || term.kind === 'comprehension') return unifies(environment.typeOf(term), type);
  return infer(environment, term, type);
}

function inferSame(environment: Environment, a: CoreTerm, b: CoreTerm): boolean {
  return infer(environment, a, ANY) && infer(environment, b, environment.typeOf(a));
}

function inferArrays(environment: Environment, a: CoreArray, b: CoreTerm, isNested: boolean): boolean {
  if (actsAsVariable(b, isNested)) return inferSame(environment, a, b);
  if (b.kind !== 'array' || a.items.length !== b.items.length) return false;
  return a.items.every((item, index) => {
    const other = b.items[index]!;
    return inferEqual(environment, item, environment.typeOf(item), other, environment.typeOf(other), true);
  });
}

function inferObjects(environment: Environment, a: CoreObject, b: CoreTerm, isNested: boolean): boolean {
  if (actsAsVariable(b, isNested)) return inferSame(environment, a, b);
  if (b.kind !== 'object' || a.entries.length !== b.entries.length) return false;
  return a.entries.every(([key, value]) => {
    const other = b.entries.find(([otherKey]) => sameKey(key, otherKey))?.[1];
    if (other === undefined) return false;
    return inferEqual(environment, value, environment.typeOf(value), other, environment.typeOf(other), true);
  });
}

function sameKey(a: CoreTerm, b: CoreTerm): boolean {
  if (a.kind === 'constant' && b.kind === 'constant') return a.value === b.value;
  return a.kind === 'variable' && b.kind === 'variable' && a.variable === b.variable;
}
