import type { BuiltinSignature, BuiltinType } from '../../builtins/index.ts';
import { KNOWN_BUILTINS } from '../../builtins/index.ts';
import type { BuiltinCallee } from '../core.ts';
import { joinTypes } from './join-types.ts';
import { OPERAND_NAMES } from './operand-names.ts';
import type { FunctionType, MaybeType, Type } from './type.ts';
import { ANY, arrayType, BOOLEAN, functionType, NULL, NUMBER, objectType, STRING, setType } from './type.ts';

const known = new WeakMap<BuiltinSignature, FunctionType>();

/** The type of a builtin; undefined where there is none of that name. */
export function builtinType({ name, custom }: BuiltinCallee): FunctionType | undefined {
  const signature = custom ?? KNOWN_BUILTINS[name];
  if (signature === undefined) return undefined;
  const found = known.get(signature);
  if (found !== undefined) return found;
  const type = signatureType(signature);
  known.set(signature, type);
  return type;
}

function signatureType({ name, args, result, variadic }: BuiltinSignature): FunctionType {
  const names = OPERAND_NAMES[name]?.split(' ');
  return functionType(args.map(declaredType), optional(result), optional(variadic), names);
}

function optional(declared: BuiltinType | undefined): MaybeType {
  return declared === undefined ? undefined : declaredType(declared);
}

const SCALARS = { null: NULL, boolean: BOOLEAN, number: NUMBER, string: STRING } as const;

/** A type as builtins declare it. */
function declaredType(declared: BuiltinType): Type {
  switch (declared.type) {
    case 'any': {
      if (!('of' in declared)) return ANY;
      let union: MaybeType;
      for (const member of declared.of) union = joinTypes(union, declaredType(member));
      // A union of one stays one: that is how it is written in messages.
      return union?.kind === 'any' ? union : { kind: 'any', members: union === undefined ? [] : [union] };
    }
    case 'array':
      return arrayType((declared.static ?? []).map(declaredType), optional(declared.dynamic));
    case 'set':
      return setType(declaredType(declared.of));
    case 'object':
      return objectType(
        (declared.static ?? []).map(({ key, value }) => ({ key, value: declaredType(value) })),
        declared.dynamic && {
          key: declaredType(declared.dynamic.key),
          value: declaredType(declared.dynamic.value),
        },
      );
    default:
      return SCALARS[declared.type];
  }
}
