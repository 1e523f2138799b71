import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf, hmacOf } from '../../src/builtins/digest.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

describe.each(['md5', 'sha1', 'sha256', 'sha512'] as const)('%s', (algorithm) => {
  it('agrees with the platform, at every length around a block too', () => {
    const check = (message: Uint8Array): void => {
      const expected = createHash(algorithm).update(message).digest('hex');
      expect(Buffer.from(digestOf(algorithm, message)).toString('hex')).toBe(expected);
    };
    for (let length = 0; length < 270; length++) check(new Uint8Array(length).fill(length));
    fc.assert(fc.property(bytes, check));
  });

  it('agrees with the platform when keyed', () => {
    fc.assert(
      fc.property(bytes, bytes, (key, message) => {
        const expected = createHmac(algorithm, key).update(message).digest('hex');
        expect(Buffer.from(hmacOf(algorithm, key, message)).toString('hex')).toBe(expected);
      }),
    );
  });
});
