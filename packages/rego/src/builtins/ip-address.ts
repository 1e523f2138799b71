/** An address as a number of 32 or 128 bits. */
export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** Addresses that begin with the same bits. */
export interface IpNetwork extends IpAddress {
  readonly prefix: number;
}

const MAPPED_PREFIX = 0xffffn << 32n;

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

function groups(text: string): string[] {
  return text === '' ? [] : text.split(':');
}

function parseV6(text: string): bigint | undefined {
  let whole = text;
  const last = text.slice(text.lastIndexOf(':') + 1);
  if (last.includes('.')) {
    const tail = parseV4(last);
    if (tail === undefined) return undefined;
    whole = `${text.slice(0, -last.length)}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  }
  const halves = whole.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0]!);
  const tail = halves.length === 2 ? groups(halves[1]!) : [];
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...new Array<string>(missing).fill('0'), ...tail];
  if (!all.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** An address without a zone; one of IPv4 written as IPv6 (`::ffff:1.2.3.4`) is of IPv4. */
export function parseIp(text: string): IpAddress | undefined {
  const parsed = text.includes(':') ? parseV6(text) : parseV4(text);
  if (parsed === undefined) return undefined;
  if (!text.includes(':')) return { bits: 32, value: parsed };
  return parsed >> 32n === MAPPED_PREFIX >> 32n
    ? { bits: 32, value: parsed & 0xffffffffn }
    : { bits: 128, value: parsed };
}

/** Keeps the first bits only. */
export function masked(address: IpAddress, prefix: number): bigint {
  const rest = BigInt(address.bits - prefix);
  return (address.value >> rest) << rest;
}

/** A network like `10.0.0.0/8`. Its host bits are cleared. */
export function parseCidr(text: string): IpNetwork | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = parseIp(text.slice(0, slash));
  const size = text.slice(slash + 1);
  if (address === undefined || !/^\d{1,9}$/.test(size)) return undefined;
  const isMapped = address.bits === 32 && text.includes(':');
  const prefix = Number(size) - (isMapped ? 96 : 0);
  if (prefix < 0 || prefix > address.bits) return undefined;
  return { bits: address.bits, value: masked(address, prefix), prefix };
}

/** Whether the network holds the address. */
export function contains(network: IpNetwork, address: IpAddress): boolean {
  return network.bits === address.bits && masked(address, network.prefix) === network.value;
}

/** The last address of a network. */
export function lastAddress(network: IpNetwork): bigint {
  return network.value | ((1n << BigInt(network.bits - network.prefix)) - 1n);
}

/** The usual text of an address; of IPv6 the canonical one (RFC 5952). */
export function ipText({ bits, value }: IpAddress): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const all = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - index * 16)) & 0xffffn);
  let longest = { start: -1, size: 1 };
  for (let start = 0; start < 8; start++) {
    let size = 0;
    while (start + size < 8 && all[start + size] === 0n) size++;
    if (size > longest.size) longest = { start, size };
  }
  const text = (part: readonly bigint[]): string => part.map((group) => group.toString(16)).join(':');
  if (longest.start < 0) return text(all);
  return `${text(all.slice(0, longest.start))}::${text(all.slice(longest.start + longest.size))}`;
}
