import { chmod, chown, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { authenticate, createToken, readOperatorToken, tokenDigest } from '../../src/http/credentials.ts';
import { hostName, isLoopbackAddress, refusedOrigin } from '../../src/http/origin-check.ts';

describe('operator token', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'writ-credentials-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('is made once, random, readable by its owner alone', async () => {
    const token = await readOperatorToken(directory);
    expect(await readOperatorToken(directory)).toBe(token);
    const file = join(directory, 'credentials/operator.token');
    expect((await readFile(file, 'utf8')).trim()).toBe(token);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'credentials'))).mode & 0o777).toBe(0o700);
    expect(token).toMatch(/^writ_op_[A-Za-z0-9_-]{43}$/);
  });

  it.skipIf(process.getuid?.() !== 0)('is refused where somebody else wrote it', async () => {
    await readOperatorToken(directory);
    await chown(join(directory, 'credentials/operator.token'), 65_534, 65_534);
    await expect(readOperatorToken(directory)).rejects.toThrow(/another user/);
  });

  it('is refused where others can read it', async () => {
    await readOperatorToken(directory);
    await chmod(join(directory, 'credentials/operator.token'), 0o644);
    await expect(readOperatorToken(directory)).rejects.toThrow(/chmod 600/);
  });
});

describe('authenticate', () => {
  const operator = createToken('writ_op');
  const point = createToken('writ_pt');
  const caller = { pointId: 'gateway', mayAssert: {}, mode: 'enforce' } as const;
  const credentials = {
    operatorSha256: tokenDigest(operator),
    points: [{ tokenSha256: tokenDigest(point), caller }],
  };

  it('names the bearer; a header that is present and wrong is never anonymous', () => {
    expect(authenticate(undefined, credentials)).toEqual({ kind: 'anonymous' });
    expect(authenticate(`Bearer ${operator}`, credentials)).toEqual({ kind: 'operator', name: 'operator' });
    expect(authenticate(`bearer ${point}`, credentials)).toEqual({ kind: 'point', caller });
    for (const wrong of [
      '',
      'Bearer',
      'Bearer ',
      `Basic ${operator}`,
      `Bearer ${operator}x`,
      operator,
      'Bearer \u00e9'.repeat(9),
    ]) {
      expect(authenticate(wrong, credentials)).toEqual({ kind: 'refused' });
    }
  });
});

describe('hosts and origins', () => {
  const policy = { hosts: ['localhost', '127.0.0.1', '[::1]'], origins: ['https://console.example'] };

  it('reads the name out of a Host header, and none out of a malformed one', () => {
    expect(hostName('LocalHost:8181')).toBe('localhost');
    expect(hostName('[::1]:80')).toBe('[::1]');
    for (const bad of [undefined, '', 'a b', 'localhost:', 'localhost:x', 'user@localhost', 'localhost/x']) {
      expect(hostName(bad)).toBeUndefined();
    }
  });

  it('knows addresses that only this machine reaches', () => {
    for (const own of ['127.0.0.1', '127.8.8.8', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1']) {
      expect(isLoopbackAddress(own)).toBe(true);
    }
    for (const open of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'localhost.example']) {
      expect(isLoopbackAddress(open)).toBe(false);
    }
  });

  it('lets through requests without an origin, from its own and from listed ones', () => {
    expect(refusedOrigin(policy, { host: 'localhost:1' })).toBeUndefined();
    expect(refusedOrigin(policy, { host: 'localhost:1', origin: 'http://localhost:1' })).toBeUndefined();
    expect(refusedOrigin(policy, { host: 'localhost:1', origin: 'https://console.example' })).toBeUndefined();
    expect(refusedOrigin(policy, { host: 'localhost:1', origin: 'http://localhost:2' })).toBeDefined();
    expect(refusedOrigin(policy, { host: 'evil.example' })).toBeDefined();
  });
});
