import type { Value } from '../value/index.ts';
import { RegoSet } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import type { Family } from './define.ts';
import { fault } from './fault.ts';
import { ipText, lastAddress, masked, parseCidr, parseIp } from './ip-address.ts';
import { membersOf } from './operand.ts';

/** Addresses of both kinds in one order: IPv4 at its place within IPv6 (`::ffff:0:0/96`). */
const V4_BASE = 0xffffn << 32n;
const V4_END = V4_BASE + (1n << 32n);

interface Block {
  readonly first: bigint;
  readonly last: bigint;
  /** What the operand called it; absent once it was joined with another. */
  readonly text: string | undefined;
}

/** The prefix of an address written without one: that of its class (RFC 791), as Go's `DefaultMask` has it. */
function classPrefix(value: bigint): number {
  const octet = value >> 24n;
  return octet < 128n ? 8 : octet < 192n ? 16 : 24;
}

function block(member: Value): Block | BuiltinError {
  if (typeof member !== 'string') return fault('element must be string');
  const address = parseIp(member);
  if (address !== undefined) {
    if (address.bits === 128) return fault('IPv6 invalid: needs prefix length');
    const prefix = classPrefix(address.value);
    const first = masked(address, prefix);
    return {
      first: V4_BASE + first,
      last: V4_BASE + lastAddress({ bits: 32, value: first, prefix }),
      text: `${ipText(address)}/${prefix}`,
    };
  }
  const network = parseCidr(member);
  if (network === undefined) return fault(`invalid CIDR address: ${member}`);
  const base = network.bits === 32 ? V4_BASE : 0n;
  return {
    first: base + network.value,
    last: base + lastAddress(network),
    text: `${ipText(network)}/${network.prefix}`,
  };
}

function compareBlocks(a: Block, b: Block): number {
  const [left, right] = a.last === b.last ? [a.first, b.first] : [a.last, b.last];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Joins blocks that overlap or touch. */
function joined(blocks: readonly Block[]): readonly Block[] {
  const sorted = [...blocks].sort(compareBlocks);
  for (let index = sorted.length - 1; index > 0; index--) {
    const upper = sorted[index]!;
    const lower = sorted[index - 1]!;
    const before = upper.first === 0n || upper.first === V4_BASE ? upper.first : upper.first - 1n;
    if (before > lower.last) continue;
    const [first] = [lower.first, upper.first].sort((a, b) => (a < b ? -1 : 1)) as [bigint, bigint];
    sorted.splice(index - 1, 2, { first, last: upper.last, text: undefined });
  }
  return sorted;
}

function networkText(first: bigint, size: number): string {
  const isV4 = first >= V4_BASE && first < V4_END && size <= 32;
  return isV4
    ? `${ipText({ bits: 32, value: first - V4_BASE })}/${32 - size}`
    : `${ipText({ bits: 128, value: first })}/${128 - size}`;
}

/** The fewest networks that hold exactly the addresses of a range. */
function networks({ first, last, text }: Block): readonly string[] {
  if (text !== undefined) return [text];
  const found: string[] = [];
  for (let from = first; from <= last; ) {
    let size = 0;
    while (size < 128 && (from >> BigInt(size)) % 2n === 0n && from + (2n << BigInt(size)) - 1n <= last)
      size++;
    found.push(networkText(from, size));
    from += 1n << BigInt(size);
  }
  return found;
}

function merge(_context: BuiltinContext, operand: Value): BuiltinOutcome {
  if (!Array.isArray(operand) && !(operand instanceof RegoSet)) return fault('operand must be an array');
  const blocks: Block[] = [];
  for (const member of membersOf(operand as readonly Value[] | RegoSet)) {
    const read = block(member);
    if (read instanceof BuiltinError) return read;
    blocks.push(read);
  }
  return RegoSet.from(joined(blocks).flatMap(networks));
}

/** Joins networks into the fewest. Source: OPA's `topdown/cidr.go`. */
export const CIDR_MERGE: Family = { 'net.cidr_merge': { call: merge, checked: 0 } };
