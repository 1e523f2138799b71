import { BlockList, isIP } from 'node:net';

/**
 * What a network address is for. `metadata` hands out a cloud machine's credentials; `reserved` has no business in
 * an outbound request (multicast, documentation, tunnels that hide another address).
 */
export type AddressKind = 'public' | 'private' | 'loopback' | 'link_local' | 'metadata' | 'reserved';

type Special = Exclude<AddressKind, 'public'>;

/**
 * The registries of special-purpose addresses (RFC 6890; IANA iana-ipv4-special-registry, iana-ipv6-special-registry),
 * and the metadata services of the clouds, some of which stand at addresses that look public. First match wins.
 */
const RANGES: readonly (readonly [kind: Special, network: string, prefixBits: number])[] = [
  ['metadata', '169.254.169.254', 32],
  ['metadata', '169.254.169.253', 32],
  ['metadata', '169.254.170.2', 32],
  ['metadata', '169.254.170.23', 32],
  ['metadata', '100.100.100.200', 32],
  ['metadata', '168.63.129.16', 32],
  ['metadata', '192.0.0.192', 32],
  ['metadata', 'fd00:ec2::', 32],
  ['metadata', 'fd20:ce::254', 128],
  ['loopback', '127.0.0.0', 8],
  ['loopback', '::1', 128],
  ['link_local', '169.254.0.0', 16],
  ['link_local', 'fe80::', 10],
  ['private', '10.0.0.0', 8],
  ['private', '100.64.0.0', 10],
  ['private', '172.16.0.0', 12],
  ['private', '192.168.0.0', 16],
  ['private', 'fc00::', 7],
  ['reserved', '0.0.0.0', 8],
  ['reserved', '192.0.0.0', 24],
  ['reserved', '192.0.2.0', 24],
  ['reserved', '192.31.196.0', 24],
  ['reserved', '192.52.193.0', 24],
  ['reserved', '192.88.99.0', 24],
  ['reserved', '192.175.48.0', 24],
  ['reserved', '198.18.0.0', 15],
  ['reserved', '198.51.100.0', 24],
  ['reserved', '203.0.113.0', 24],
  ['reserved', '224.0.0.0', 4],
  ['reserved', '240.0.0.0', 4],
  ['reserved', '::', 96],
  ['reserved', '64:ff9b:1::', 48],
  ['reserved', '100::', 64],
  ['reserved', '100:0:0:1::', 64],
  ['reserved', '2001::', 23],
  ['reserved', '2001:db8::', 32],
  ['reserved', '2002::', 16],
  ['reserved', '2620:4f:8000::', 48],
  ['reserved', '3fff::', 20],
  ['reserved', '5f00::', 16],
  ['reserved', 'fec0::', 10],
  ['reserved', 'ff00::', 8],
];

const LISTS = RANGES.map(([kind, network, prefixBits]) => {
  const list = new BlockList();
  list.addSubnet(network, prefixBits, family(network));
  return { kind, list, family: family(network) };
});

/** Says what an IPv4 or IPv6 address is for; what is no address is `reserved`. */
export function addressKind(address: string): AddressKind {
  const bare = address.split('%')[0] ?? '';
  const version = isIP(bare);
  if (version === 0) return 'reserved';
  const inside = version === 6 ? embeddedIpv4(bare) : undefined;
  if (inside !== undefined) return addressKind(inside);
  const found = LISTS.find((each) => each.family === family(bare) && each.list.check(bare, each.family));
  return found?.kind ?? 'public';
}

/** The IPv4 address that an IPv4-mapped (`::ffff:0:0/96`) or NAT64 (`64:ff9b::/96`, RFC 6052) address leads to. */
function embeddedIpv4(address: string): string | undefined {
  const groups = groupsOf(address);
  const head = groups.slice(0, 6).join(':');
  if (head !== '0:0:0:0:0:65535' && head !== '100:65435:0:0:0:0') return undefined;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** The eight groups of an IPv6 address as numbers. */
function groupsOf(address: string): readonly number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [, head = '', a = '0', b = '0', c = '0', d = '0'] = dotted ?? [];
  const pair = (high: string, low: string): string => (Number(high) * 256 + Number(low)).toString(16);
  const text = dotted === null ? address : `${head}${pair(a, b)}:${pair(c, d)}`;
  const [left = '', right] = text.split('::');
  const start = left === '' ? [] : left.split(':');
  const end = right === undefined || right === '' ? [] : right.split(':');
  const middle = right === undefined ? [] : new Array<string>(8 - start.length - end.length).fill('0');
  return [...start, ...middle, ...end].map((group) => Number.parseInt(group, 16));
}

function family(address: string): 'ipv4' | 'ipv6' {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}
