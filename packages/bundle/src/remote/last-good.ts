import { hash } from 'node:crypto';
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

const recordSchema = z.object({
  format: z.literal(1),
  tag: z.string(),
  revision: z.string().optional(),
  sequence: z.number().int().nonnegative().optional(),
  confirmedAt: z.number(),
  detached: z.array(z.string()),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/**
 * The content of one bundle in a folder: the archive under its own digest, and a record that names it. The record is
 * replaced last and whole, so that a crash leaves the old content or the new. Whoever reads it checks signatures anew.
 */
export interface LastGoodFile {
  read(): Promise<LastGood | undefined>;
  write(content: LastGood): Promise<void>;
}

export function lastGoodFile(directory: string, name: string): LastGoodFile {
  const base = encodeURIComponent(name);
  const archiveFile = (sha256: string): string => `${base}.${sha256}.tar.gz`;
  return {
    async read() {
      try {
        const parsed = recordSchema.parse(
          JSON.parse(await readFile(join(directory, `${base}.json`), 'utf8')),
        );
        const { format: _, sha256, revision, sequence, ...rest } = parsed;
        const archive = await readFile(join(directory, archiveFile(sha256)));
        if (hash('sha256', archive, 'hex') !== sha256) return undefined;
        return {
          ...rest,
          ...(revision === undefined ? {} : { revision }),
          ...(sequence === undefined ? {} : { sequence }),
          archive,
        };
      } catch {
        return undefined;
      }
    },
    async write({ archive, ...rest }) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const sha256 = hash('sha256', archive, 'hex');
      await replaceFile(join(directory, archiveFile(sha256)), archive);
      await replaceFile(join(directory, `${base}.json`), JSON.stringify({ format: 1, ...rest, sha256 }));
      const old = (await readdir(directory)).filter(
        (file) => file.startsWith(`${base}.`) && file.endsWith('.tar.gz') && file !== archiveFile(sha256),
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
