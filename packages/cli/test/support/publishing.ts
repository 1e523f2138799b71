import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Release, signBundle, writeArchive } from '@writ/bundle';
import { onTestFinished } from 'vitest';

/** A pair of P-256 keys as files in a folder, `NAME.key` and `NAME.pem`. */
export function keyFiles(folder: string, name: string): { readonly key: string; readonly pem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const files = { key: join(folder, `${name}.key`), pem: join(folder, `${name}.pem`) };
  writeFileSync(files.key, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  writeFileSync(files.pem, publicKey.export({ type: 'spki', format: 'pem' }).toString());
  return files;
}

export interface AnswerBundle {
  /** Package and root: `live`. */
  readonly root: string;
  readonly revision: string;
  readonly sequence?: number;
  /** Rego of the one rule `answer`. */
  readonly answer: string;
  readonly release?: Release;
  /** PEM of the private key; unsigned without. */
  readonly key?: string;
}

/** An archive whose only rule gives this answer. */
export async function answerBundle(made: AnswerBundle): Promise<Uint8Array> {
  const { root, revision, sequence, answer, release, key } = made;
  const writ = {
    entrypoints: [{ path: `${root}/answer`, kind: 'grant' }],
    ...(sequence === undefined ? {} : { sequence }),
    ...(release === undefined ? {} : { release }),
  };
  const files = [
    { path: '.manifest', text: JSON.stringify({ revision, roots: [root], metadata: { writ } }) },
    { path: 'live.rego', text: `package ${root}\n\nanswer := ${answer}\n` },
  ];
  if (key === undefined) return writeArchive(files);
  const bytes = files.map(({ path, text }) => ({ path, bytes: Buffer.from(text) }));
  const signed = await signBundle(bytes, { key, algorithm: 'ES256', keyId: 'k1' });
  if (!signed.ok) throw new Error(JSON.stringify(signed.problems));
  return writeArchive([...files, { path: '.signatures.json', text: signed.text }]);
}

export const ALLOW = '{"outcome": "allow", "reason": "ok"}';
export const deny = (code: string): string => `{"outcome": "deny", "reason": "${code}"}`;

/** A server of archives by path; without ETags where `tags` is false. Closed with the test. */
export async function publishing(tags = true): Promise<{
  readonly url: string;
  publish(path: string, archive: Uint8Array): void;
  /** Refuses every connection until it is called with `true`. */
  reachable(yes: boolean): void;
  /** How often somebody was told that what they have still holds. */
  unchanged(): number;
}> {
  const archives = new Map<string, { readonly archive: Uint8Array; readonly etag: string }>();
  let version = 0;
  let answers = true;
  let unchanged = 0;
  const server = createServer((request, response) => {
    const found = archives.get((request.url ?? '').slice(1));
    if (!answers) return void request.socket.destroy();
    if (found === undefined) response.writeHead(404).end();
    else if (tags && request.headers['if-none-match'] === found.etag) {
      unchanged += 1;
      response.writeHead(304).end();
    } else response.writeHead(200, tags ? { etag: found.etag } : {}).end(found.archive);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    publish(path, archive) {
      version += 1;
      archives.set(path, { archive, etag: `"${version}"` });
    },
    reachable(yes) {
      answers = yes;
    },
    unchanged: () => unchanged,
  };
}
