import { itemType, selectProperty } from './select-types.ts';
import type { AnyType, ArrayType, FunctionType, MaybeType, ObjectType, SetType, Type } from './type.ts';
import { unwrap } from './type.ts';

/** Whether values of the two types can be equal (OPA's `unifies`). */
export function unifies(left: MaybeType, right: MaybeType): boolean {
  const a = unwrap(left);
  const b = unwrap(right);
  if (a === undefined || b === undefined) return false;
  if (a.kind === 'any' || b.kind === 'any') {
    return (a.kind === 'any' && unifiesUnion(a, b)) || (b.kind === 'any' && unifiesUnion(b, a));
  }
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'array':
      return unifiesArrays(a, b as ArrayType);
    case 'object':
      return unifiesObjects(a, b as ObjectType);
    case 'set': {
      const other = (b as SetType).of;
      return a.of === undefined || other === undefined || unifies(a.of, other);
    }
    case 'function': {
      const other = b as FunctionType;
      if (a.args.length !== other.args.length) return false;
      return a.args.every((argument, index) => unifies(argument, other.args[index]));
    }
    default:
      return true;
  }
}

function unifiesUnion(union: AnyType, type: Type): boolean {
  if (type.kind === 'function') return false;
  return union.members.length === 0 || union.members.some((member) => unifies(member, type));
}

function unifiesArrays(a: ArrayType, b: ArrayType): boolean {
  if (!a.items.every((item, index) => unifies(item, itemType(b, index)))) return false;
  if (!b.items.every((item, index) => unifies(item, itemType(a, index)))) return false;
  return a.rest === undefined || b.rest === undefined || unifies(a.rest, b.rest);
}

function unifiesObjects(a: ObjectType, b: ObjectType): boolean {
  if (!knownUnify(a, b) || !knownUnify(b, a)) return false;
  const [left, right] = [a.rest?.value, b.rest?.value];
  return left === undefined || right === undefined || unifies(left, right);
}

function knownUnify(a: ObjectType, b: ObjectType): boolean {
  return a.properties.every(({ key, value }) => {
    const other = selectProperty(b, key);
    if (other !== undefined) return unifies(value, other);
    return a.rest?.value !== undefined || b.rest?.value !== undefined;
  });
}
