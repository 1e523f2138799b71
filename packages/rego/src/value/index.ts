export type { ArithmeticFault } from './arithmetic.ts';
export {
  abs,
  add,
  ceil,
  divide,
  floor,
  multiply,
  productOf,
  remainder,
  round,
  subtract,
  sumOf,
} from './arithmetic.ts';
export { floatFromDecimal, multiplyFloats, truncateFloat } from './binary-float.ts';
export { Boxed } from './boxed.ts';
export { compare, equal } from './compare.ts';
export type { Decimal } from './decimal.ts';
export { parseDecimal } from './decimal.ts';
export type { ParsedJson, ToJsonOptions } from './json.ts';
export { fromJson, fromParsed, toJson, toParsed } from './json.ts';
export type { MemberKey } from './key.ts';
export { canonicalText, memberKey } from './key.ts';
export { lookup } from './lookup.ts';
export type { NumberValue } from './number.ts';
export {
  bigIntOf,
  compareNumbers,
  equalNumbers,
  isInteger,
  isNumber,
  numberAsWritten,
  numberFromBigInt,
  numberFromDecimal,
  numberFromText,
  numberText,
  plainNumber,
  RegoNumber,
} from './number.ts';
export type { ObjectValue } from './object.ts';
export {
  isObject,
  isPlainObject,
  makeObject,
  objectEntries,
  objectGet,
  objectKeys,
  objectSize,
  objectValues,
  RegoObject,
} from './object.ts';
export { RegoSet, SetBuilder } from './set.ts';
export { compareStrings } from './string-order.ts';
export { quote, valueText } from './text.ts';
export type { TypeName } from './type-name.ts';
export { isScalar, truthy, typeName } from './type-name.ts';
export type { JsonObject, Value } from './value.ts';
