import { gunzipSync, gzipSync } from 'node:zlib';
import { tamperedArchives } from '@writ/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Bundle,
  type RequiredSignature,
  readTarballBytes,
  signBundle,
  signDetached,
  writeArchive,
} from '../src/index.ts';
import { bundleOf, makeSigner, POLICY, problemsOf } from './bundle-fixture.ts';

const { signing, keys } = makeSigner();
const INSIDE: RequiredSignature = { name: 'author', form: 'bundle', keys };
const BESIDE: RequiredSignature = { name: 'security', form: 'detached', keys };

const FILES = [
  { path: '.manifest', text: '{"revision": "r1", "roots": ["agent", "limits"]}' },
  { path: 'limits/data.json', text: '{"max": 5, "name": "é"}' },
  { path: 'p.rego', text: POLICY },
];

async function signedInside(): Promise<Uint8Array> {
  const files = FILES.map(({ path, text }) => ({ path, bytes: Buffer.from(text) }));
  const signed = await signBundle(files, signing);
  if (!signed.ok) throw new Error(JSON.stringify(signed.problems));
  return writeArchive([...FILES, { path: '.signatures.json', text: signed.text }]);
}

const inside = await signedInside();
const made = (form: 'sigstore' | 'plain'): string => {
  const signed = signDetached(inside, { key: signing.key, form });
  if (!signed.ok) throw new Error(JSON.stringify(signed.problems));
  return signed.text;
};

const readInside = (archive: Uint8Array) => readTarballBytes(archive, { name: 'b', signatures: [INSIDE] });
const readBeside = (archive: Uint8Array, detached: string) =>
  readTarballBytes(archive, { name: 'b', signatures: [BESIDE, INSIDE], detached: [detached] });

/** Everything of a bundle that can take part in a decision. */
const contentOf = ({ signatures: _, testModules: _tests, ...content }: Bundle): object => content;

describe('a bundle signed inside', () => {
  it.each(tamperedArchives(inside))(
    '[P-BUNDLE-SIGNATURE] $name: refused with $code',
    async ({ archive, code }) => {
      expect(problemsOf(await readInside(archive))[0]).toMatchObject({ code, bundle: 'b' });
    },
  );

  it('[P-BUNDLE-SIGNATURE] never gives other content than was signed, whichever bytes change', async () => {
    const signed = contentOf(bundleOf(await readInside(inside)));
    const tar = gunzipSync(inside);
    const flips = (length: number) =>
      fc.array(fc.tuple(fc.nat({ max: length - 1 }), fc.integer({ min: 1, max: 255 })), {
        minLength: 1,
        maxLength: 4,
      });
    const check = async (archive: Uint8Array) => {
      const read = await readInside(archive);
      if (read.ok) expect(contentOf(read.bundle)).toEqual(signed);
      else expect(read.problems[0]?.code).toMatch(/^(bundle|manifest|data)_/);
    };
    await fc.assert(
      fc.asyncProperty(flips(inside.length), (bytes) => check(withFlips(inside, bytes))),
      { numRuns: 1_000 },
    );
    await fc.assert(
      fc.asyncProperty(flips(tar.length), (bytes) => check(gzipSync(withFlips(tar, bytes), { level: 1 }))),
      { numRuns: 2_000 },
    );
  });
});

describe.each(['sigstore', 'plain'] as const)('a bundle signed beside it (%s)', (form) => {
  it('[P-BUNDLE-SIGNATURE] has not a byte that could be another', async () => {
    const text = made(form);
    expect((await readBeside(inside, text)).ok).toBe(true);
    for (let at = 0; at < inside.length; at += 1) {
      const refused = await readBeside(withFlips(inside, [[at, 1]]), text);
      expect(problemsOf(refused)[0]?.code).toMatch(/^bundle_/);
    }
    for (const { name, archive } of tamperedArchives(inside)) {
      expect([name, (await readBeside(archive, text)).ok]).toEqual([name, false]);
    }
  });

  it('[P-BUNDLE-SIGNATURE] has a signature of which no byte that counts can be another', async () => {
    const text = made(form);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: text.length - 1 }),
        fc.constantFrom(...'Aa9+/="{,'),
        async (at, sign) => {
          const forged = text.slice(0, at) + sign + text.slice(at + 1);
          const read = await readBeside(inside, forged);
          // What of a Sigstore bundle is only a hint, and padding bits of base64, may differ: the bytes are signed all the same.
          if (read.ok)
            expect(contentOf(read.bundle)).toEqual(contentOf(bundleOf(await readBeside(inside, text))));
          else expect(read.problems[0]?.code).toBe('bundle_signature_invalid');
        },
      ),
      { numRuns: 500 },
    );
  });
});

function withFlips(bytes: Uint8Array, flips: readonly (readonly [number, number])[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const [at, mask] of flips) copy.writeUInt8(copy[at]! ^ mask, at);
  return copy;
}
