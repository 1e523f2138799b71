import type { ObjectValue, Value } from '../value/index.ts';
import { objectEntries, RegoSet, SetBuilder } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Family } from './define.ts';
import { cancelled, fault, typeFault } from './fault.ts';
import type { IpNetwork } from './ip-address.ts';
import { contains, ipText, lastAddress, parseCidr, parseIp } from './ip-address.ts';

/** Addresses made between two looks at the clock. */
const EXPAND_CHUNK = 1024;

function network(text: string): IpNetwork | BuiltinError {
  return parseCidr(text) ?? fault(`invalid CIDR address: ${text}`);
}

function holds(outer: string, inner: string): boolean | BuiltinError {
  const whole = network(outer);
  if (whole instanceof BuiltinError) return whole;
  const address = parseIp(inner);
  if (address !== undefined) return contains(whole, address);
  const part = parseCidr(inner);
  if (part === undefined) {
    return fault(`not a valid textual representation of an IP address or CIDR: ${inner}`);
  }
  return contains(whole, part) && contains(whole, { bits: part.bits, value: lastAddress(part) });
}

function intersects(_context: BuiltinContext, a: string, b: string): BuiltinOutcome {
  const first = network(a);
  if (first instanceof BuiltinError) return first;
  const second = network(b);
  if (second instanceof BuiltinError) return second;
  return contains(first, second) || contains(second, first);
}

type Blocks = string | readonly Value[] | RegoSet | ObjectValue;

/** The blocks of an operand of `net.cidr_contains_matches`, each with what names it in the answer. */
function blocks(value: Blocks): readonly (readonly [Value, Value])[] {
  if (typeof value === 'string') return [[value, value]];
  if (value instanceof RegoSet) return value.sorted().map((member) => [member, member] as const);
  if (Array.isArray(value))
    return (value as readonly Value[]).map((member, index) => [index, member] as const);
  return objectEntries(value as ObjectValue);
}

function blockText(block: Value, position: number): string | BuiltinError {
  const text = Array.isArray(block) ? (block as readonly Value[])[0] : block;
  if (text === undefined || (typeof text !== 'string' && !Array.isArray(block))) {
    return fault(`operand ${position}: element must be string or non-empty array`);
  }
  return typeof text === 'string' ? text : typeFault(1, text, 'string');
}

function containsMatches(_context: BuiltinContext, outer: Blocks, inner: Blocks): BuiltinOutcome {
  const found = new SetBuilder();
  for (const [outerName, outerBlock] of blocks(outer)) {
    const whole = blockText(outerBlock, 1);
    if (whole instanceof BuiltinError) return whole;
    for (const [innerName, innerBlock] of blocks(inner)) {
      const part = blockText(innerBlock, 2);
      if (part instanceof BuiltinError) return part;
      const isHeld = holds(whole, part);
      if (isHeld instanceof BuiltinError) return isHeld;
      if (isHeld) found.add([outerName, innerName]);
    }
  }
  return found.build();
}

function expand(context: BuiltinContext, text: string): BuiltinOutcome {
  const range = network(text);
  if (range instanceof BuiltinError) return range;
  const addresses = new SetBuilder();
  const last = lastAddress(range);
  let count = 0;
  for (let value = range.value; value <= last; value++) {
    count++;
    if (count % EXPAND_CHUNK === 0 && context.cancelled()) {
      return cancelled('timed out before generating all IP addresses');
    }
    addresses.add(ipText({ bits: range.bits, value }));
  }
  return addresses.build();
}

/** Addresses and their blocks; names are resolved by the host. Source: OPA's `topdown/cidr.go`. */
export const NETWORK: Family = {
  'net.cidr_contains': (_context, outer: string, inner: string) => holds(outer, inner),
  'net.cidr_overlap': (_context, outer: string, inner: string) => holds(outer, inner),
  'net.cidr_contains_matches': containsMatches,
  'net.cidr_intersects': intersects,
  'net.cidr_expand': expand,
  'net.cidr_is_valid': {
    call: (_context: BuiltinContext, text: Value) =>
      typeof text === 'string' && parseCidr(text) !== undefined,
    unchecked: true,
  },
};
