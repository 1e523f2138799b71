import type { Json } from './contract.ts';
import {
  isReadFrozen,
  STRICT_JSON_DEPTH_CEILING,
  STRICT_JSON_DEPTH_MAX,
  STRICT_JSON_SIZE_BYTES_MAX,
  type StrictJsonCode,
  type StrictJsonLimits,
} from './strict-json.ts';

/** A refused value with the RFC 6901 pointer of the part that was refused. */
export interface StrictValueProblem {
  readonly ok: false;
  readonly code: StrictJsonCode;
  readonly pointer: string;
  readonly message: string;
}
export type StrictValueResult = { readonly ok: true; readonly value: Json } | StrictValueProblem;

/**
 * The in-process twin of `readStrict`: takes any JavaScript value and answers with a deeply frozen copy of it, or
 * says which part is not JSON. Each property is read once, through its descriptor, so that an accessor or a proxy
 * cannot show one value to the policy and another to the tool; accessors, symbols, hidden properties, holes,
 * `undefined`, functions, non-finite numbers and objects with a prototype of their own are refused. The size limit
 * counts the UTF-16 code units of strings and keys and one for every other part. Never throws.
 */
export function checkStrictValue(value: unknown, limits: StrictJsonLimits = {}): StrictValueResult {
  const depthMax = Math.min(limits.depthMax ?? STRICT_JSON_DEPTH_MAX, STRICT_JSON_DEPTH_CEILING);
  const sizeMax = limits.sizeBytesMax ?? STRICT_JSON_SIZE_BYTES_MAX;
  const isRoomy = depthMax >= STRICT_JSON_DEPTH_MAX && sizeMax >= STRICT_JSON_SIZE_BYTES_MAX;
  // It is its own copy: a text holds at least as many characters as the value counts.
  if (isRoomy && isReadFrozen(value)) return { ok: true, value };
  const copier = new Copier(depthMax, sizeMax);
  try {
    return { ok: true, value: copier.copy(value, 0) };
  } catch (fault) {
    if (fault instanceof ValueRefusal) {
      return { ok: false, code: fault.code, pointer: copier.pointer(), message: fault.message };
    }
    // A proxy's trap threw: whatever it wanted to say, this is no JSON value.
    return { ok: false, code: 'json_not_json', pointer: copier.pointer(), message: 'value cannot be read' };
  }
}

class ValueRefusal {
  readonly code: StrictJsonCode;
  readonly message: string;
  constructor(code: StrictJsonCode, message: string) {
    this.code = code;
    this.message = message;
  }
}

class Copier {
  readonly #depthMax: number;
  readonly #sizeMax: number;
  readonly #path: string[] = [];
  #size = 0;

  constructor(depthMax: number, sizeMax: number) {
    this.#depthMax = depthMax;
    this.#sizeMax = sizeMax;
  }

  pointer(): string {
    return this.#path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  }

  copy(value: unknown, depth: number): Json {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        this.#grow(1);
        if (!Number.isFinite(value))
          throw new ValueRefusal('number_not_exact', `number ${value} is not JSON`);
        return value === 0 ? 0 : value;
      case 'boolean':
        this.#grow(1);
        return value;
      case 'object':
        this.#grow(1);
        if (value === null) return null;
        // A cycle ends here too.
        if (depth >= this.#depthMax)
          throw new ValueRefusal('json_depth', `nested deeper than ${this.#depthMax}`);
        return Array.isArray(value) ? this.#array(value, depth + 1) : this.#object(value, depth + 1);
      default:
        throw new ValueRefusal('json_not_json', `${typeof value} is not JSON`);
    }
  }

  #array(value: readonly unknown[], depth: number): Json {
    const length = value.length;
    if (length > this.#sizeMax) throw new ValueRefusal('json_size', `larger than ${this.#sizeMax}`);
    if (Reflect.ownKeys(value).length !== length + 1) {
      throw new ValueRefusal('json_not_json', 'array with holes or named properties is not JSON');
    }
    const copy: Json[] = [];
    for (let index = 0; index < length; index++) copy.push(this.#member(value, String(index), depth));
    return Object.freeze(copy);
  }

  #object(value: object, depth: number): Json {
    const prototype = Object.getPrototypeOf(value) as unknown;
    if (prototype !== Object.prototype && prototype !== null) {
      throw new ValueRefusal('json_not_json', 'object that is not a plain one is not JSON');
    }
    const copy: Record<string, Json> = {};
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'symbol') throw new ValueRefusal('json_not_json', 'symbol as a key is not JSON');
      if (key === '__proto__') throw new ValueRefusal('json_forbidden_key', 'key `__proto__` is not allowed');
      this.#string(key);
      copy[key] = this.#member(value, key, depth);
    }
    return Object.freeze(copy);
  }

  #member(holder: object, key: string, depth: number): Json {
    this.#path.push(key);
    const property = Object.getOwnPropertyDescriptor(holder, key);
    if (property === undefined || !('value' in property) || property.enumerable !== true) {
      throw new ValueRefusal('json_not_json', 'accessor or hidden property is not JSON');
    }
    const copy = this.copy(property.value, depth);
    this.#path.pop();
    return copy;
  }

  #string(value: string): string {
    this.#grow(value.length + 1);
    if (!value.isWellFormed()) {
      throw new ValueRefusal('json_lone_surrogate', 'string holds half of a surrogate pair');
    }
    return value;
  }

  #grow(by: number): void {
    this.#size += by;
    if (this.#size > this.#sizeMax) throw new ValueRefusal('json_size', `larger than ${this.#sizeMax}`);
  }
}
