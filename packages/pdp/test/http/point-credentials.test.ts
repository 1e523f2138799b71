import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tokenDigest } from '../../src/http/credentials.ts';
import { parsePointCredentials, readPointCredentials } from '../../src/http/point-credentials.ts';

const POINT = {
  id: 'gateway',
  token_sha256: tokenDigest('secret'),
  may_assert: { tenants: ['acme'], principals: ['user:*'] },
};

describe('credentials of points', () => {
  it('are read from a file that only its owner reads', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'writ-points-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'points.json');
    await writeFile(file, JSON.stringify({ points: [POINT] }), { mode: 0o600 });
    expect(await readPointCredentials(file)).toEqual({
      ok: true,
      points: [
        {
          tokenSha256: POINT.token_sha256,
          caller: { pointId: 'gateway', mayAssert: POINT.may_assert, mode: 'enforce' },
        },
      ],
    });
    const open = join(folder, 'open.json');
    await writeFile(open, JSON.stringify({ points: [POINT] }), { mode: 0o644 });
    expect(await readPointCredentials(open)).toMatchObject({
      ok: false,
      message: expect.stringContaining('chmod 600'),
    });
    expect(await readPointCredentials(join(folder, 'none.json'))).toMatchObject({ ok: false });
  });

  it('keep observing to what they name', () => {
    const observing = { ...POINT, mode: 'observe', observe_only: { actors: ['agent:new-*'] } };
    expect(parsePointCredentials({ points: [observing] })).toMatchObject({
      ok: true,
      points: [{ caller: { mode: 'observe', observeOnly: { actors: ['agent:new-*'] } } }],
    });
  });

  it.each([
    ['no claims', { ...POINT, may_assert: undefined }],
    ['a wrong key', { ...POINT, may_asert: {} }],
    ['a token in place of its digest', { ...POINT, token_sha256: 'secret' }],
    ['a wrong mode', { ...POINT, mode: 'off' }],
    ['a name in place of a list', { ...POINT, may_assert: { tenants: 'acme' } }],
    ['a wrong claim', { ...POINT, may_assert: { users: [] } }],
  ])('are refused with %s', (_name, point) => {
    expect(parsePointCredentials({ points: [point] })).toMatchObject({ ok: false });
  });

  it('are refused with one id twice', () => {
    expect(parsePointCredentials({ points: [POINT, POINT] })).toMatchObject({ ok: false });
  });
});
