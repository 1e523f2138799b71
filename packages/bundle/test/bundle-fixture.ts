import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Bundle, BundleProblem, BundleResult } from '../src/index.ts';

/** A folder with these files, removed when the test ends. */
export function makeFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bundle-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFiles(folder, files);
  return folder;
}

export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

export function bundleOf(result: BundleResult): Bundle {
  if (!result.ok) throw new Error(`not read: ${JSON.stringify(result.problems, null, 2)}`);
  return result.bundle;
}

export function problemsOf(result: {
  readonly ok: boolean;
  readonly problems?: readonly BundleProblem[];
}): readonly BundleProblem[] {
  if (result.ok) throw new Error('read without a problem');
  return result.problems ?? [];
}

export const POLICY = `package agent.tools

allow if input.action.tool == "read"
`;

/** A fresh key (ES256, id `k1`) with which a test signs, and how what it signed is checked. */
export function makeSigner() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const keys = {
    k1: { algorithm: 'ES256', key: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
  } as const;
  return { signing: { key, algorithm: 'ES256', keyId: 'k1' } as const, keys };
}
