import { parseIp } from '../ip-address.ts';
import { isDomainName } from './domain-name.ts';
import type { AlternativeNames, IpRange, KnownExtensions } from './nodes.ts';

/** Whether a domain lies within a constraint: is it, or below it; with a dot in front only below it. */
function isWithinDomain(domain: string, constraint: string): boolean {
  if (constraint === '') return true;
  const name = domain.toLowerCase();
  const limit = constraint.toLowerCase();
  if (limit.startsWith('.')) return name.endsWith(limit);
  return name === limit || name.endsWith(`.${limit}`);
}

function isWithinRange(bytes: Uint8Array, { address, mask }: IpRange): boolean {
  if (bytes.length !== address.length) return false;
  return bytes.every((byte, index) => (byte & mask[index]!) === (address[index]! & mask[index]!));
}

function isWithinMail(mailbox: string, constraint: string): boolean {
  const at = mailbox.lastIndexOf('@');
  const [local, domain] = [mailbox.slice(0, at), mailbox.slice(at + 1)];
  if (!constraint.includes('@')) return isWithinHost(domain, constraint);
  const limit = constraint.lastIndexOf('@');
  return (
    constraint.slice(0, limit) === local && constraint.slice(limit + 1).toLowerCase() === domain.toLowerCase()
  );
}

/** Of mail and URIs a constraint without a dot in front is one host, not what lies below it. */
function isWithinHost(host: string, constraint: string): boolean {
  if (constraint === '') return true;
  const name = host.toLowerCase();
  return constraint.startsWith('.')
    ? name.endsWith(constraint.toLowerCase())
    : name === constraint.toLowerCase();
}

/** One name against both lists; a name that cannot be read fits nothing. */
function fits<Constraint>(
  isWithin: (constraint: Constraint) => boolean,
  permitted: readonly Constraint[],
  excluded: readonly Constraint[],
): boolean {
  if (excluded.some(isWithin)) return false;
  return permitted.length === 0 || permitted.some(isWithin);
}

/** How many comparisons names and constraints make. */
export function comparisonCount(names: AlternativeNames, { constraints }: KnownExtensions): number {
  if (constraints === undefined) return 0;
  const { permitted, excluded } = constraints;
  const count = (kind: 'dns' | 'email' | 'ip' | 'uri'): number =>
    names[kind].length * (permitted[kind].length + excluded[kind].length);
  return count('dns') + count('email') + count('ip') + count('uri');
}

/** Whether names lie within the constraints of a certificate above them (RFC 5280, 4.2.1.10). */
export function fitConstraints(names: AlternativeNames, { constraints }: KnownExtensions): boolean {
  if (constraints === undefined) return true;
  const { permitted, excluded } = constraints;
  const isLimited = (kind: 'dns' | 'email' | 'ip' | 'uri'): boolean =>
    permitted[kind].length + excluded[kind].length > 0;
  const dnsFits = names.dns.every((name) => {
    if (!isLimited('dns')) return true;
    // A name with a star stands for all names below: excluded where any of them is.
    const bare = name.startsWith('*.') ? name.slice(2) : name;
    const hitsBelow =
      bare !== name && excluded.dns.some((limit) => isWithinDomain(limit.replace(/^\./, ''), bare));
    return (
      isDomainName(bare, false) &&
      !hitsBelow &&
      fits((limit: string) => isWithinDomain(name, limit), permitted.dns, excluded.dns)
    );
  });
  const uriFits = names.uri.every(({ url }) => {
    if (!isLimited('uri')) return true;
    const host = url.host.replace(/:\d*$/, '');
    if (host === '' || parseIp(host.replace(/^\[|\]$/g, '')) !== undefined) return false;
    return fits((limit: string) => isWithinHost(host, limit), permitted.uri, excluded.uri);
  });
  return (
    dnsFits &&
    uriFits &&
    names.email.every((name) =>
      fits((limit: string) => isWithinMail(name, limit), permitted.email, excluded.email),
    ) &&
    names.ip.every((bytes) =>
      fits((range: IpRange) => isWithinRange(bytes, range), permitted.ip, excluded.ip),
    )
  );
}
