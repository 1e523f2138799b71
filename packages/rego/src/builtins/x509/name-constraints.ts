import { parseIp } from '../ip-address.ts';
import { contextTag, Der, TAG, X509Fault } from './der.ts';
import { isDomainName, isMailbox } from './domain-name.ts';
import type { Extension, KnownExtensions, NameConstraints } from './nodes.ts';
import { ia5Text } from './text.ts';

const PROBLEM = 'x509: invalid NameConstraints extension';

/** Constraints on the names below a certificate (RFC 5280, 4.2.1.10); true where some are of unknown kinds. */
export function readNameConstraints(known: KnownExtensions, { value, isCritical }: Extension): boolean {
  const outer = new Der(value);
  const sequence = outer.read(TAG.sequence, PROBLEM);
  if (!outer.isEmpty) throw new X509Fault(PROBLEM);
  const permitted = sequence.optional(contextTag(0, true), PROBLEM);
  const excluded = sequence.optional(contextTag(1, true), PROBLEM);
  if (!sequence.isEmpty) throw new X509Fault(PROBLEM);
  if ((permitted?.bytes.length ?? 0) === 0 && (excluded?.bytes.length ?? 0) === 0) {
    throw new X509Fault('x509: empty name constraints extension');
  }
  const readings = [readSubtrees(permitted), readSubtrees(excluded)] as const;
  known.constraints = { isCritical, permitted: readings[0].names, excluded: readings[1].names };
  return readings.some(({ isUnhandled }) => isUnhandled);
}

function readSubtrees(subtrees: Der | undefined): {
  readonly names: NameConstraints;
  readonly isUnhandled: boolean;
} {
  const names: NameConstraints = { dns: [], ip: [], email: [], uri: [] };
  let isUnhandled = false;
  while (subtrees !== undefined && !subtrees.isEmpty) {
    const base = subtrees.read(TAG.sequence, PROBLEM).next();
    if (base === undefined) throw new X509Fault(PROBLEM);
    const add = KINDS[base.tag];
    if (add === undefined) isUnhandled = true;
    else add(names, base.content.bytes);
  }
  return { names, isUnhandled };
}

function constraintText(bytes: Uint8Array): string {
  return ia5Text(bytes, 'x509: invalid constraint value: x509: invalid IA5String');
}

const KINDS: Readonly<Record<number, (names: NameConstraints, bytes: Uint8Array) => void>> = {
  [contextTag(1)]: ({ email }, bytes) => {
    const text = constraintText(bytes);
    const isValid = text.includes('@') ? isMailbox(text) : isDomainName(text, true);
    if (!isValid) throw new X509Fault(`x509: failed to parse rfc822Name constraint ${JSON.stringify(text)}`);
    email.push(text);
  },
  [contextTag(2)]: ({ dns }, bytes) => {
    const text = constraintText(bytes);
    if (!isDomainName(text, true)) {
      throw new X509Fault(`x509: failed to parse dnsName constraint ${JSON.stringify(text)}`);
    }
    dns.push(text);
  },
  [contextTag(6)]: ({ uri }, bytes) => {
    const text = constraintText(bytes);
    const problem = `x509: failed to parse URI constraint ${JSON.stringify(text)}`;
    if (parseIp(text) !== undefined) throw new X509Fault(`${problem}: cannot be IP address`);
    if (!isDomainName(text, true)) throw new X509Fault(problem);
    uri.push(text);
  },
  [contextTag(7)]: ({ ip }, bytes) => {
    if (bytes.length !== 8 && bytes.length !== 32) {
      throw new X509Fault(`x509: IP constraint contained value of length ${bytes.length}`);
    }
    const half = bytes.length / 2;
    const mask = bytes.subarray(half);
    if (!isMask(mask)) throw new X509Fault('x509: IP constraint contained invalid mask');
    ip.push({ address: bytes.subarray(0, half), mask });
  },
};

/** Ones, then zeros. */
function isMask(mask: Uint8Array): boolean {
  const bits = Array.from(mask, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits);
}
