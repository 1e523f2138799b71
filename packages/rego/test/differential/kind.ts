import type { BuiltinType } from '../../src/builtins/index.ts';

/**
 * What OPA's type checker knows of a term, as far as the generator needs it to write programs that pass: `any` fits
 * everywhere, `opaque` is some type that is not followed and fits only where everything does.
 */
export type Kind =
  | 'any'
  | 'opaque'
  | 'number'
  | 'string'
  | 'boolean'
  | 'null'
  | { readonly of: Kind; readonly shape: 'array' | 'set' | 'object' };

export const SCALARS = ['number', 'string', 'boolean', 'null'] as const;

export function arrayOf(of: Kind): Kind {
  return { shape: 'array', of };
}

export function setOf(of: Kind): Kind {
  return { shape: 'set', of };
}

export function objectOf(of: Kind): Kind {
  return { shape: 'object', of };
}

/** Whether a term of one kind may stand where another is asked for. */
export function fits(given: Kind, wanted: Kind): boolean {
  if (given === 'any' || wanted === 'any') return true;
  if (typeof given === 'string' || typeof wanted === 'string') return given === wanted && given !== 'opaque';
  return given.shape === wanted.shape && fits(given.of, wanted.of);
}

/** The kind that a builtin's signature declares; unions are not followed. */
export function kindOf(declared: BuiltinType): Kind {
  switch (declared.type) {
    case 'any':
      return 'of' in declared ? 'opaque' : 'any';
    case 'array':
      if (declared.static !== undefined) return 'opaque';
      return arrayOf(declared.dynamic ? kindOf(declared.dynamic) : 'any');
    case 'set':
      return setOf(kindOf(declared.of));
    case 'object':
      if (declared.static !== undefined && declared.static.length > 0) return 'opaque';
      if (declared.dynamic !== undefined && declared.dynamic.key.type !== 'string') {
        return declared.dynamic.key.type === 'any' ? objectOf(kindOf(declared.dynamic.value)) : 'opaque';
      }
      return objectOf(declared.dynamic ? kindOf(declared.dynamic.value) : 'any');
    default:
      return declared.type;
  }
}
