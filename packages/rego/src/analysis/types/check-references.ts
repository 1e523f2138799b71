import type { Value } from '../../value/index.ts';
import { typeName } from '../../value/index.ts';
import type { CoreRef, CoreTerm } from '../core.ts';
import type { Environment } from './environment.ts';
import { constantOf, isScalarRoot, scalarOf } from './environment.ts';
import { infer } from './infer.ts';
import { keyType, selectType, valueType } from './select-types.ts';
import type { MaybeType } from './type.ts';
import { ANY, STRING, unwrap } from './type.ts';
import type { TypeFault } from './type-errors.ts';
import { invalidReference, sortedKeys, unsupportedReference } from './type-errors.ts';
import type { TypeNode } from './type-tree.ts';
import { unifies } from './unifies.ts';

/**
 * Checks that a reference can select something, and gives types to the variables in it (OPA's `refChecker`).
 * Positions count the root as 0, as OPA does.
 */
export function checkReference(environment: Environment, ref: CoreRef): TypeFault | undefined {
  const type = environment.typeOfRef(ref);
  // Functions are no values, except for `with`.
  if (type?.kind === 'function') return unsupportedReference(ref, ref.parts.length, type);
  if (typeof ref.root === 'string') return checkDocument(environment, ref, ref.root);
  if (ref.root.kind !== 'variable') return undefined;
  if (isScalarRoot(ref.root)) return checkParts(environment, ANY, ref, 1);
  const { variable } = ref.root;
  const known = environment.variable(variable);
  if (known === undefined) environment.setVariable(variable, ANY);
  return checkParts(environment, known ?? ANY, ref, 1);
}

/** Follows the documents that rules and schemas define, from the innermost environment outwards. */
function checkDocument(
  environment: Environment,
  ref: CoreRef,
  root: 'input' | 'data',
): TypeFault | undefined {
  for (let current: Environment | undefined = environment; current !== undefined; current = current.around) {
    const start = current.ownDocuments?.child(root);
    const found = start === undefined ? 'elsewhere' : checkNode(environment, start, ref);
    if (found !== 'elsewhere') return found;
  }
  // Nothing is known of it: base data.
  return checkParts(environment, ANY, ref, 1);
}

/** From a root document on; `elsewhere` where its tree ends and environments further out may know more. */
function checkNode(
  environment: Environment,
  start: TypeNode,
  ref: CoreRef,
): TypeFault | undefined | 'elsewhere' {
  let node = start;
  for (let position = 1; ; position++) {
    if (node.type !== undefined) return checkParts(environment, node.type, ref, position);
    const part = ref.parts[position - 1];
    if (part === undefined) return undefined;
    const fault = checkStep(environment, node, part, ref, position);
    if (fault !== undefined) return fault;
    const key = scalarOf(part);
    const child = key === undefined ? undefined : node.child(key);
    if (child === undefined) return 'elsewhere';
    node = child;
  }
}

function checkStep(
  environment: Environment,
  node: TypeNode,
  part: CoreTerm,
  ref: CoreRef,
  position: number,
): TypeFault | undefined {
  const isVariable = part.kind === 'variable' || part.kind === 'ref' || part.kind === 'comprehension';
  const isString = part.kind === 'constant' && typeName(part.value) === 'string';
  if (position <= 2 && !isVariable && !isString) {
    return invalidReference(ref, position, environment.typeOf(part), STRING, keysOfNode(node));
  }
  if (!isVariable) return undefined;
  const keys = keyType(node.extent());
  const known = environment.typeOf(part);
  if (known === undefined) infer(environment, part, keys);
  else if (!unifies(keys, known)) return invalidReference(ref, position, known, keys, keysOfNode(node));
  return undefined;
}

function checkParts(
  environment: Environment,
  from: MaybeType,
  ref: CoreRef,
  start: number,
): TypeFault | undefined {
  let type = from;
  for (let position = start; position <= ref.parts.length; position++) {
    const part = ref.parts[position - 1]!;
    if (isEmptyCollection(type)) return invalidReference(ref, position, undefined, undefined, []);
    const keys = keyType(type);
    if (keys === undefined) return unsupportedReference(ref, position - 1, type);
    switch (part.kind) {
      case 'variable':
      case 'ref':
      case 'comprehension': {
        const known = environment.typeOf(part);
        if (known === undefined) infer(environment, part, keys);
        else if (!unifies(known, keys)) {
          return invalidReference(ref, position, known, keys, keysOfType(type));
        }
        type = valueType(type);
        break;
      }
      case 'array':
      case 'object':
      case 'set':
        if (!infer(environment, part, keys)) {
          return invalidReference(ref, position, environment.typeOf(part), keys, []);
        }
        type = valueType(type);
        break;
      default: {
        const key = constantOf(part);
        const selected = key === undefined ? undefined : selectType(type, key);
        if (selected === undefined) {
          return invalidReference(ref, position, undefined, keys, keysOfType(type));
        }
        type = selected;
      }
    }
  }
  return undefined;
}

function isEmptyCollection(type: MaybeType): boolean {
  const plain = unwrap(type);
  switch (plain?.kind) {
    case 'object':
      return plain.properties.length === 0 && plain.rest === undefined;
    case 'array':
      return plain.items.length === 0 && plain.rest === undefined;
    case 'set':
      return plain.of === undefined;
    default:
      return false;
  }
}

function keysOfNode(node: TypeNode): Value[] {
  return sortedKeys([...node.children()].map(({ key }) => key));
}

function keysOfType(type: MaybeType): Value[] {
  return sortedKeys(namedKeys(type));
}

function namedKeys(type: MaybeType): Value[] {
  const plain = unwrap(type);
  if (plain?.kind === 'object') return plain.properties.map(({ key }) => key);
  return plain?.kind === 'any' ? plain.members.flatMap(namedKeys) : [];
}
