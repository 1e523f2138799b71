import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressKind, addressKind } from '../src/index.ts';

const EXPECTED: Readonly<Record<AddressKind, readonly string[]>> = {
  public: [
    '1.1.1.1',
    '8.8.8.8',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '2606:4700::1111',
    '64:ff9b::808:808',
  ],
  private: [
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    'fc00::1',
    'fd12:3456::1',
    '::ffff:10.0.0.1',
  ],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1'],
  link_local: ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', '::ffff:169.254.1.1'],
  metadata: [
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    'fd00:ec2::254',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
  ],
  reserved: [
    '0.0.0.0',
    '::',
    '::127.0.0.1',
    '255.255.255.255',
    '224.0.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '2001:db8::1',
    '64:ff9b:1::1',
    'fec0::1',
    'ff02::1',
    '',
    'localhost',
    '127.1',
  ],
};

describe('the kind of an address', () => {
  const cases = Object.entries(EXPECTED).flatMap(([kind, addresses]) =>
    addresses.map((address) => [address, kind]),
  );
  it.each(cases)('[P-OUTBOUND-ADDRESS] `%s` is %s', (address, kind) => {
    expect(addressKind(address)).toBe(kind);
  });

  it('is that of the IPv4 address inside a mapped or translated one, in every notation', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const groups = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
        const kinds = [
          `::ffff:${address}`,
          `::ffff:${groups}`,
          `0:0:0:0:0:FFFF:${groups}`,
          `64:ff9b::${groups}`,
        ];
        expect(kinds.map(addressKind)).toEqual(kinds.map(() => addressKind(address)));
      }),
    );
  });

  it('never calls public what the resolver could not have meant', () => {
    fc.assert(
      fc.property(fc.string(), (text) => addressKind(text) !== 'public'),
      { numRuns: 200 },
    );
  });
});
