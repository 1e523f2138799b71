import type { Value } from '../../value/index.ts';
import { compare } from '../../value/index.ts';
import type { CoreTerm } from '../core.ts';
import type { Environment } from './environment.ts';
import type { ObjectType, Type } from './type.ts';
import { ANY, objectType, unwrap } from './type.ts';

/** Gives the document at a path a type, inside of the document around it where that has one already. */
export function overrideDocument(
  environment: Environment,
  path: readonly Value[],
  type: Type,
  location: CoreTerm['location'],
): void {
  const [root, ...steps] = path as readonly ['input' | 'data', ...Value[]];
  const parts = steps.map((value) => ({ kind: 'constant' as const, value, location }));
  for (let length = 0; length < parts.length; length++) {
    const known = environment.typeOfPath(root, parts.slice(0, length));
    if (known === undefined) continue;
    const prefix = path.slice(0, length + 1);
    environment.documents.put(prefix, override(steps.slice(length), known, type));
    return;
  }
  environment.documents.put(path, type);
}

/** The type with another one in place of what stands at a path in it. */
function override(path: readonly Value[], around: Type, type: Type): ObjectType {
  const known = unwrap(around);
  if (known?.kind !== 'object') return nested(path, type, { key: ANY, value: ANY });
  const [step, ...below] = path as readonly [Value, ...Value[]];
  let found = false;
  const properties = known.properties.map((property) => {
    if (compare(property.key, step) !== 0) return property;
    found = true;
    if (below.length === 0) return { key: property.key, value: type };
    return { key: property.key, value: override(below, property.value ?? ANY, type) };
  });
  if (found) return objectType(properties, known.rest);
  return objectType([...properties, ...nested(path, type, known.rest).properties], known.rest);
}

function nested(path: readonly Value[], type: Type, rest: ObjectType['rest']): ObjectType {
  const [step, ...below] = path as readonly [Value, ...Value[]];
  return objectType([{ key: step, value: below.length === 0 ? type : nested(below, type, rest) }], rest);
}
