import type { NumberValue, ObjectValue, Value } from '../../value/index.ts';
import {
  compareNumbers,
  equal,
  isInteger,
  isNumber,
  isObject,
  memberKey,
  objectEntries,
  objectGet,
  objectSize,
  parseDecimal,
  toJson,
  typeName,
} from '../../value/index.ts';
import { goFloat } from '../go-float.ts';
import type { SchemaNode } from './nodes.ts';
import { unsupported } from './nodes.ts';

/** What a document does not meet; the names are those of OPA's answer. */
export interface Mismatch {
  readonly type: string;
  readonly field: string;
  readonly desc: string;
}

/** Steps that schemas may refer to each other without a step in the document. */
const DEPTH_MAX = 1_000;
/** Digits that two numbers may lie apart in a division. */
const EXPONENTS_MAX = 10_000;

/** Collects mismatches; the score says how close a document came, as gojsonschema counts. */
class Outcome {
  readonly mismatches: Mismatch[] = [];
  score = 0;

  add(type: string, path: string, desc: string): void {
    const field = path === '' ? '(Root)' : path;
    this.mismatches.push({ type, field, desc: desc.replace('{field}', field) });
    this.score -= 2;
  }

  merge(other: Outcome): void {
    this.mismatches.push(...other.mismatches);
    this.score += other.score;
  }

  get isValid(): boolean {
    return this.mismatches.length === 0;
  }
}

function below(path: string, step: string): string {
  return path === '' ? step : `${path}.${step}`;
}

function numberShown(value: NumberValue): string {
  const text = toJson(value);
  return `${text.startsWith('-') ? '-' : ''}${goFloat(Number(text), 'g', -1)}`;
}

function isMultiple(value: NumberValue, unit: NumberValue): boolean {
  const a = parseDecimal(toJson(value))!;
  const b = parseDecimal(toJson(unit))!;
  const low = Math.min(a.exponent, b.exponent);
  if (Math.max(a.exponent, b.exponent) - low > EXPONENTS_MAX)
    unsupported('a division of numbers so far apart');
  const scaled = (decimal: typeof a) => decimal.coefficient * 10n ** BigInt(decimal.exponent - low);
  return scaled(a) % scaled(b) === 0n;
}

/** Applies a schema to values. */
class Validator {
  #depth = 0;

  apply(node: SchemaNode, value: Value, path: string): Outcome {
    const outcome = new Outcome();
    this.#into(node, value, path, outcome);
    return outcome;
  }

  #into(node: SchemaNode, value: Value, path: string, outcome: Outcome): void {
    this.#depth++;
    if (this.#depth > DEPTH_MAX) unsupported('a schema that nests so deeply');
    this.#steps(node, value, path, outcome);
    this.#depth--;
  }

  #steps(node: SchemaNode, value: Value, path: string, outcome: Outcome): void {
    if (node.pass !== undefined) {
      if (!node.pass) outcome.add('false', path, 'False always fails validation');
      return;
    }
    if (node.target !== undefined) {
      this.#into(node.target(), value, path, outcome);
      return;
    }
    if (!this.#checkType(node, value, path, outcome)) return;
    this.#combine(node, value, path, outcome);
    if (Array.isArray(value)) this.#array(node, value, path, outcome);
    else if (isNumber(value)) this.#number(node, value, path, outcome);
    else if (isObject(value)) this.#object(node, value, path, outcome);
    this.#common(node, value, path, outcome);
    if (typeof value === 'string') this.#text(node, value, path, outcome);
    if (isObject(value)) {
      for (const [name, member] of node.properties ?? []) {
        const given = objectGet(value, name);
        if (given !== undefined) this.#into(member, given, below(path, name), outcome);
      }
    }
    outcome.score++;
  }

  #checkType({ types }: SchemaNode, value: Value, path: string, outcome: Outcome): boolean {
    if (types === undefined || types.length === 0) return true;
    const isWhole = isNumber(value) && isInteger(value);
    const given = isWhole ? 'integer' : typeName(value);
    if (types.includes(given) || (isWhole && types.includes('number'))) return true;
    const expected = types.length > 1 ? `[${types.join(',')}]` : types[0];
    outcome.add('invalid_type', path, `Invalid type. Expected: ${expected}, given: ${given}`);
    return false;
  }

  #closest(nodes: readonly SchemaNode[], value: Value, path: string): { passed: number; best?: Outcome } {
    let passed = 0;
    let best: Outcome | undefined;
    for (const node of nodes) {
      const result = this.apply(node, value, path);
      if (result.isValid) passed++;
      else if (passed === 0 && (best === undefined || result.score > best.score)) best = result;
    }
    return best === undefined ? { passed } : { passed, best };
  }

  #combine(node: SchemaNode, value: Value, path: string, outcome: Outcome): void {
    if (node.anyOf !== undefined && node.anyOf.length > 0) {
      const { passed, best } = this.#closest(node.anyOf, value, path);
      if (passed === 0) {
        outcome.add('number_any_of', path, 'Must validate at least one schema (anyOf)');
        if (best !== undefined) outcome.merge(best);
      }
    }
    if (node.oneOf !== undefined && node.oneOf.length > 0) {
      const { passed, best } = this.#closest(node.oneOf, value, path);
      if (passed !== 1) outcome.add('number_one_of', path, 'Must validate one and only one schema (oneOf)');
      if (passed === 0 && best !== undefined) outcome.merge(best);
    }
    if (node.allOf !== undefined) {
      const results = node.allOf.map((member) => this.apply(member, value, path));
      for (const result of results) outcome.merge(result);
      if (!results.every((result) => result.isValid)) {
        outcome.add('number_all_of', path, 'Must validate all the schemas (allOf)');
      }
    }
    if (node.not !== undefined && this.apply(node.not, value, path).isValid) {
      outcome.add('number_not', path, 'Must not validate the schema (not)');
    }
    this.#dependencies(node, value, path, outcome);
    this.#condition(node, value, path, outcome);
    outcome.score++;
  }

  #dependencies(node: SchemaNode, value: Value, path: string, outcome: Outcome): void {
    if (!isObject(value)) return;
    for (const [name, wanted] of node.dependencies ?? []) {
      if (objectGet(value, name) === undefined) continue;
      if (!Array.isArray(wanted)) this.#into(wanted as SchemaNode, value, path, outcome);
      else {
        for (const other of wanted as readonly string[]) {
          if (objectGet(value, other) !== undefined) continue;
          outcome.add('missing_dependency', path, `Has a dependency on ${other}`);
        }
      }
    }
  }

  #condition(node: SchemaNode, value: Value, path: string, outcome: Outcome): void {
    if (node.if === undefined) return;
    const holds = this.apply(node.if, value, path).isValid;
    const branch = holds ? node.then : node.else;
    if (branch === undefined) return;
    const result = this.apply(branch, value, path);
    if (result.isValid) return;
    const [word, was] = holds ? ['then', 'valid'] : ['else', 'not valid'];
    outcome.add(`condition_${word}`, path, `Must validate "${word}" as "if" was ${was}`);
    outcome.merge(result);
  }

  #array(node: SchemaNode, value: readonly Value[], path: string, outcome: Outcome): void {
    this.#items(node, value, path, outcome);
    const [min, max] = [node.limits?.get('minItems'), node.limits?.get('maxItems')];
    if (min !== undefined && value.length < min) {
      outcome.add('array_min_items', path, `Array must have at least ${min} items`);
    }
    if (max !== undefined && value.length > max) {
      outcome.add('array_max_items', path, `Array must have at most ${max} items`);
    }
    if (node.uniqueItems === true) {
      const seen = new Map<unknown, number>();
      for (const [index, member] of value.entries()) {
        const key = memberKey(member);
        const before = seen.get(key);
        if (before !== undefined)
          outcome.add('unique', path, `array items[${before},${index}] must be unique`);
        seen.set(key, index);
      }
    }
    if (node.contains !== undefined) {
      const results = value.map((member, index) =>
        this.apply(node.contains!, member, below(path, String(index))),
      );
      if (!results.some((result) => result.isValid)) {
        outcome.add('contains', path, 'At least one of the items must match');
        const best = results.reduce<Outcome | undefined>(
          (found, result) => (found === undefined || result.score > found.score ? result : found),
          undefined,
        );
        if (best !== undefined) outcome.merge(best);
      }
    }
    outcome.score++;
  }

  #items(node: SchemaNode, value: readonly Value[], path: string, outcome: Outcome): void {
    const { items, itemList, additionalItems } = node;
    for (const [index, member] of value.entries()) {
      const listed = items ?? itemList?.[index];
      const further = itemList !== undefined && itemList.length > 0 && typeof additionalItems === 'object';
      const schema = listed ?? (further ? (additionalItems as SchemaNode) : undefined);
      if (schema !== undefined) outcome.merge(this.apply(schema, member, below(path, String(index))));
    }
    const isOver = itemList !== undefined && itemList.length > 0 && value.length > itemList.length;
    if (isOver && items === undefined && additionalItems === false) {
      outcome.add('array_no_additional_items', path, 'No additional items allowed on array');
    }
  }

  #object(node: SchemaNode, value: ObjectValue, path: string, outcome: Outcome): void {
    const [min, max] = [node.limits?.get('minProperties'), node.limits?.get('maxProperties')];
    const size = objectSize(value);
    if (min !== undefined && size < min) {
      outcome.add('array_min_properties', path, `Must have at least ${min} properties`);
    }
    if (max !== undefined && size > max) {
      outcome.add('array_max_properties', path, `Must have at most ${max} properties`);
    }
    for (const name of node.required ?? []) {
      if (objectGet(value, name) === undefined) outcome.add('required', path, `${name} is required`);
      else outcome.score++;
    }
    for (const [key, member] of objectEntries(value))
      this.#property(node, String(key), member, path, outcome);
    for (const [key] of node.propertyNames === undefined ? [] : objectEntries(value)) {
      const result = this.apply(node.propertyNames!, key, path);
      if (result.isValid) continue;
      outcome.add('invalid_property_name', path, `Property name of "${String(key)}" does not match`);
      outcome.merge(result);
    }
    outcome.score++;
  }

  #property(node: SchemaNode, name: string, value: Value, path: string, outcome: Outcome): void {
    let isMatched = false;
    for (const [pattern, member] of node.patternProperties ?? []) {
      if (!pattern.test(name)) continue;
      isMatched = true;
      outcome.merge(this.apply(member, value, below(path, name)));
    }
    if (isMatched) outcome.score++;
    if (isMatched || node.properties?.has(name) === true) return;
    const { additionalProperties: further } = node;
    if (further === false) {
      outcome.add('additional_property_not_allowed', path, `Additional property ${name} is not allowed`);
    } else if (typeof further === 'object') outcome.merge(this.apply(further, value, below(path, name)));
  }

  #common(node: SchemaNode, value: Value, path: string, outcome: Outcome): void {
    if (node.const !== undefined && !equal(node.const, value)) {
      outcome.add('const', path, `{field} does not match: ${toJson(node.const)}`);
    }
    if (node.enum !== undefined && !node.enum.some((member) => equal(member, value))) {
      const allowed = node.enum.map((member) => toJson(member)).join(', ');
      outcome.add('enum', path, `{field} must be one of the following: ${allowed}`);
    }
    if (node.format !== undefined && !node.format.holds(value)) {
      outcome.add('format', path, `Does not match format '${node.format.name}'`);
    }
    outcome.score++;
  }

  #text(node: SchemaNode, value: string, path: string, outcome: Outcome): void {
    const [min, max] = [node.limits?.get('minLength'), node.limits?.get('maxLength')];
    const { length } = [...value];
    if (min !== undefined && length < min) {
      outcome.add('string_gte', path, `String length must be greater than or equal to ${min}`);
    }
    if (max !== undefined && length > max) {
      outcome.add('string_lte', path, `String length must be less than or equal to ${max}`);
    }
    if (node.pattern !== undefined && !node.pattern.compiled.test(value)) {
      outcome.add('pattern', path, `Does not match pattern '${node.pattern.source}'`);
    }
    outcome.score++;
  }

  #number(node: SchemaNode, value: NumberValue, path: string, outcome: Outcome): void {
    const unit = node.bounds?.get('multipleOf');
    if (unit !== undefined && !isMultiple(value, unit)) {
      outcome.add('multiple_of', path, `Must be a multiple of ${numberShown(unit)}`);
    }
    for (const [name, type, words, isBroken] of BOUND_CHECKS) {
      const bound = node.bounds?.get(name);
      if (bound !== undefined && isBroken(compareNumbers(value, bound))) {
        outcome.add(type, path, `Must be ${words} ${numberShown(bound)}`);
      }
    }
    outcome.score++;
  }
}

const BOUND_CHECKS: readonly (readonly [string, string, string, (order: number) => boolean])[] = [
  ['maximum', 'number_lte', 'less than or equal to', (order) => order > 0],
  ['exclusiveMaximum', 'number_lt', 'less than', (order) => order >= 0],
  ['minimum', 'number_gte', 'greater than or equal to', (order) => order < 0],
  ['exclusiveMinimum', 'number_gt', 'greater than', (order) => order <= 0],
];

/** What a value does not meet; nothing where it matches. Order and words are gojsonschema's, properties by name. */
export function validate(schema: SchemaNode, value: Value): readonly Mismatch[] {
  return new Validator().apply(schema, value, '').mismatches;
}
