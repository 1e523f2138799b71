import { createHmac, createSign, generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { createRegoEngine } from '../../src/index.ts';

const MODULE = `package tokens

default genuine := false

genuine if io.jwt.verify_es256(input.token, data.key)
`;

function sign(header: object, privateKey: Parameters<ReturnType<typeof createSign>['sign']>[0]): string {
  const text = [header, { sub: 'agent:ops' }]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const key = { key: privateKey as never, dsaEncoding: 'ieee-p1363' as const };
  return `${text}.${createSign('SHA256').update(text).sign(key).toString('base64url')}`;
}

it('[P-JWT-ALGORITHM] policies verify tokens by the key they hold, and by no other', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const loaded = await createRegoEngine().load([
    {
      name: 'tokens',
      revision: '1',
      digest: 'sha256:00',
      regoVersion: 1,
      modules: [{ file: 'tokens.rego', text: MODULE }],
      data: { key: pem },
      entrypoints: [],
    },
  ]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
  const ask = (token: string) =>
    loaded.policies.evaluate({
      bundle: 'tokens',
      path: 'tokens/genuine',
      input: { token },
      deadlineMs: 5_000,
      timeNs: 0n,
    });
  const header = { alg: 'ES256', typ: 'JWT' };
  expect(await ask(sign(header, privateKey))).toMatchObject({ kind: 'value', value: true });
  expect(await ask(sign(header, stranger.privateKey))).toMatchObject({ kind: 'value', value: false });
  const [head, body] = sign(header, privateKey).split('.');
  const shared = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');
  const mac = createHmac('sha256', pem).update(`${shared}.${body}`).digest('base64url');
  expect(head).not.toBe(shared);
  expect(await ask(`${shared}.${body}.${mac}`)).not.toMatchObject({ kind: 'value', value: true });
});
