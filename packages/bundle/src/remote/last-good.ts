import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Fetched } from './fetcher.ts';

/** The last content that activated, kept for a start without the place that it came from. */
export interface LastGood extends Fetched {
  /** Milliseconds since 1970: when it was last known to be what is published. */
  readonly confirmedAt: number;
  /** The manifest's sequence; nothing with a lower one activates after it. */
  readonly sequence?: number;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const recordSchema = z.object({
  format: z.literal(1),
  tag: z.string(),
  revision: z.string().optional(),
  sequence: z.number().int().nonnegative().optional(),
  confirmedAt: z.number(),
  detached: z.array(z.string()),
  sha256,
  deltas: z.array(z.object({ sha256, detached: z.array(z.string()) })).optional(),
});

/**
 * The content of one bundle in a folder: the archive and the deltas after it, each under its own digest, and a record that
 * names them. The record is
 * replaced last and whole, so that a crash leaves the old content or the new. Whoever reads it checks signatures anew.
 */
export interface LastGoodFile {
  read(): Promise<LastGood | undefined>;
  write(content: LastGood): Promise<void>;
}

export function lastGoodFile(directory: string, name: string): LastGoodFile {
  const base = encodeURIComponent(name);
  const nameOf = (digest: string): string => `${base}.${digest}.tar.gz`;
  const readArchive = async (digest: string): Promise<Uint8Array> => {
    const archive = await readFile(join(directory, nameOf(digest)));
    if (hash('sha256', archive, 'hex') !== digest) throw new Error('another archive stands in its place');
    return archive;
  };
  const writeArchive = async (archive: Uint8Array): Promise<string> => {
    const digest = hash('sha256', archive, 'hex');
    if (!existsSync(join(directory, nameOf(digest))))
      await replaceFile(join(directory, nameOf(digest)), archive);
    return digest;
  };
  return {
    async read() {
      try {
        const parsed = recordSchema.parse(
          JSON.parse(await readFile(join(directory, `${base}.json`), 'utf8')),
        );
        const { format: _, sha256: digest, revision, sequence, deltas, ...rest } = parsed;
        const whole = await Promise.all(
          (deltas ?? []).map(async ({ sha256: own, detached }) => ({
            archive: await readArchive(own),
            detached,
          })),
        );
        return {
          ...rest,
          ...(revision === undefined ? {} : { revision }),
          ...(sequence === undefined ? {} : { sequence }),
          ...(whole.length === 0 ? {} : { deltas: whole }),
          archive: await readArchive(digest),
        };
      } catch {
        return undefined;
      }
    },
    async write({ archive, deltas = [], ...rest }) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const digest = await writeArchive(archive);
      const listed = [];
      for (const delta of deltas)
        listed.push({ sha256: await writeArchive(delta.archive), detached: delta.detached });
      const record = {
        format: 1,
        ...rest,
        sha256: digest,
        ...(listed.length === 0 ? {} : { deltas: listed }),
      };
      await replaceFile(join(directory, `${base}.json`), JSON.stringify(record));
      const kept = new Set([digest, ...listed.map((delta) => delta.sha256)].map(nameOf));
      const old = (await readdir(directory)).filter(
        (file) => file.startsWith(`${base}.`) && file.endsWith('.tar.gz') && !kept.has(file),
      );
      await Promise.all(old.map((file) => rm(join(directory, file), { force: true })));
    },
  };
}

async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const handle = await open(`${file}.new`, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.new`, file);
}
