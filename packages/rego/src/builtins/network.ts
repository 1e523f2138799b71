import type { Value } from '../value/index.ts';
import { isObject, objectEntries, RegoSet, SetBuilder } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Definition, Family } from './define.ts';
import { cancelled, fault, typeFault } from './fault.ts';
import type { IpNetwork } from './ip-address.ts';
import { contains, ipText, lastAddress, parseCidr, parseIp } from './ip-address.ts';
import { reserveSet } from './weigh.ts';

/** Addresses made between two looks at the clock. */
const EXPAND_CHUNK = 1024;

/** OPA names every wrong operand the first here. */
function network(text: Value): IpNetwork | BuiltinError {
  if (typeof text !== 'string') return typeFault(1, text, 'string');
  return parseCidr(text) ?? fault(`invalid CIDR address: ${text}`);
}

function holds(outer: Value, inner: Value): boolean | BuiltinError {
  const whole = network(outer);
  if (whole instanceof BuiltinError) return whole;
  if (typeof inner !== 'string') return typeFault(1, inner, 'string');
  const address = parseIp(inner);
  if (address !== undefined) return contains(whole, address);
  const part = parseCidr(inner);
  if (part === undefined) {
    return fault(`not a valid textual representation of an IP address or CIDR: ${inner}`);
  }
  return contains(whole, part) && contains(whole, { bits: part.bits, value: lastAddress(part) });
}

function intersects(_context: BuiltinContext, a: Value, b: Value): BuiltinOutcome {
  const first = network(a);
  if (first instanceof BuiltinError) return first;
  const second = network(b);
  if (second instanceof BuiltinError) return second;
  return contains(first, second) || contains(second, first);
}

/** The blocks of an operand of `net.cidr_contains_matches`, each with what names it in the answer. */
function blocks(value: Value): readonly (readonly [Value, Value])[] {
  if (typeof value === 'string') return [[value, value]];
  if (value instanceof RegoSet) return value.sorted().map((member) => [member, member] as const);
  if (Array.isArray(value))
    return (value as readonly Value[]).map((member, index) => [index, member] as const);
  return isObject(value) ? objectEntries(value) : [];
}

function blockText(block: Value, position: number): Value | BuiltinError {
  const text = Array.isArray(block) ? (block as readonly Value[])[0] : block;
  if (text === undefined || (typeof text !== 'string' && !Array.isArray(block))) {
    return fault(`operand ${position}: element must be string or non-empty array`);
  }
  return text;
}

function containsMatches(_context: BuiltinContext, outer: Value, inner: Value): BuiltinOutcome {
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
    if (count % EXPAND_CHUNK === 0) {
      context.spend(EXPAND_CHUNK);
      reserveSet(context, EXPAND_CHUNK + 1);
    }
    if (count % EXPAND_CHUNK === 0 && context.cancelled()) {
      return cancelled('timed out before generating all IP addresses');
    }
    addresses.add(ipText({ bits: range.bits, value }));
  }
  return addresses.build();
}

const CONTAINS: Definition = {
  call: (_context: BuiltinContext, outer: Value, inner: Value) => holds(outer, inner),
  checked: 0,
};

/** Addresses and their blocks; names are resolved by the host. Source: OPA's `topdown/cidr.go`. */
export const NETWORK: Family = {
  'net.cidr_contains': CONTAINS,
  'net.cidr_overlap': CONTAINS,
  'net.cidr_contains_matches': { call: containsMatches, checked: 0 },
  'net.cidr_intersects': { call: intersects, checked: 0 },
  'net.cidr_expand': expand,
  'net.cidr_is_valid': {
    call: (_context: BuiltinContext, text: Value) =>
      typeof text === 'string' && parseCidr(text) !== undefined,
    checked: 0,
  },
};
