import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BUILTINS } from '../../src/builtins/index.ts';
import { compilePolicy } from '../../src/index.ts';
import { nodeCrypto } from '../../src/node.ts';
import type { JsonObject, Value } from '../../src/value/index.ts';
import { call, callContext, shown } from './call-context.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const context = callContext({ crypto: nodeCrypto });
const run = (name: string, ...operands: Value[]) => BUILTINS[name]!.implementation(context, ...operands);
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const privateKey = rsa.privateKey.export({ format: 'jwk' }) as JsonObject;
const token = run('io.jwt.encode_sign', { alg: 'RS256', typ: 'JWT' }, { sub: 'a' }, privateKey) as string;

describe('tokens', () => {
  it('verifies what it signed, and nothing that was changed', () => {
    expect(run('io.jwt.decode_verify', token, { cert: pem })).toEqual([
      true,
      { alg: 'RS256', typ: 'JWT' },
      { sub: 'a' },
    ]);
    const forged = token.replace(/^[^.]+\.[^.]+/, (signed) =>
      signed.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
    );
    expect(shown(run('io.jwt.verify_rs256', token, pem))).toBe('boolean true');
    expect(shown(run('io.jwt.decode_verify', forged, { cert: pem }))).not.toContain('true');
  });

  it('[P-JWT-ALGORITHM] never takes a public key for a shared secret, nor a token without a signature', () => {
    const secret = { kty: 'oct', k: Buffer.from(pem).toString('base64url') };
    const confused = run('io.jwt.encode_sign', { alg: 'HS256', typ: 'JWT' }, { sub: 'a' }, secret) as string;
    const bare = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`;
    for (const one of [confused, bare]) {
      expect(run('io.jwt.decode_verify', one, { cert: pem })).toEqual([false, {}, {}]);
      expect(run('io.jwt.decode_verify', one, { secret: 'other' })).toEqual([false, {}, {}]);
      expect(run('io.jwt.verify_rs256', one, pem)).toBe(false);
    }
  });

  it('[P-JWT-ALGORITHM] refuses RSA keys of fewer than 1024 bits', () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 512 });
    const weakPem = createPublicKey(weak.privateKey).export({ type: 'spki', format: 'pem' }) as string;
    expect(run('io.jwt.verify_rs256', token, weakPem)).toBe(false);
  });

  it('[P-NO-CRYPTO-NO-ANSWER] ends an evaluation that was given no cryptography, strict or not', () => {
    expect(shown(call('io.jwt.verify_rs256', token, pem))).toMatch(/^eval_cancel_error: /);
    const text = `package p\n\nallow if not io.jwt.verify_rs256(input.token, input.key)\n`;
    const { policy } = compilePolicy([{ file: 'p.rego', text }]);
    const query = policy!.prepare('p/allow');
    expect(query.evaluate({ token, key: pem })).toMatchObject({ kind: 'error', code: 'eval_cancel_error' });
    const host = { crypto: nodeCrypto };
    expect(query.evaluate({ token, key: pem }, { host })).toMatchObject({ kind: 'undefined' });
  });
});
