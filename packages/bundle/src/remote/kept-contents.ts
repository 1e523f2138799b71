import { hash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Fetched } from './fetcher.ts';

/** How many contents of a published bundle are kept, the one in force among them, where nobody says otherwise. */
const KEPT_CONTENTS = 10;

/** What a content says of itself, as it was when it activated. */
export interface ContentFacts {
  readonly revision: string;
  /** `sha256:<hex>` of the bundle, as decisions name it. */
  readonly digest: string;
  /** The manifest's sequence; nothing with a lower one activates after it. */
  readonly sequence?: number;
  /** The revision whose content it is once more. */
  readonly rollbackTo?: string;
  /** Version of the release that it belongs to. */
  readonly release?: string;
  /** Whose signatures were checked, with their keys: `author (k1)`. */
  readonly signedBy: readonly string[];
}

/** The last content that activated, kept for a start without the place that it came from. */
export interface LastGood extends Fetched {
  /** Milliseconds since 1970: when it was last known to be what is published. */
  readonly confirmedAt: number;
  readonly sequence?: number;
  /** SHA-256 over the published archive, and its deltas, that an operator rolled back from; absent where nobody did. */
  readonly supersedes?: string;
}

/** One content that was in force. Its bundle's digest names it among the kept ones. */
export interface KeptContent extends ContentFacts {
  /** Milliseconds since 1970. */
  readonly activatedAt: number;
}

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const deltasSchema = z.array(z.object({ sha256, detached: z.array(z.string()) })).optional();
const keptSchema = z.object({
  sha256,
  deltas: deltasSchema,
  activatedAt: z.number(),
  revision: z.string(),
  digest: z.string(),
  sequence: z.number().int().nonnegative().optional(),
  rollbackTo: z.string().optional(),
  release: z.string().optional(),
  signedBy: z.array(z.string()),
  detached: z.array(z.string()),
});
const recordSchema = z.object({
  format: z.literal(1),
  tag: z.string(),
  revision: z.string().optional(),
  sequence: z.number().int().nonnegative().optional(),
  confirmedAt: z.number(),
  detached: z.array(z.string()),
  sha256,
  deltas: deltasSchema,
  supersedes: sha256.optional(),
  history: z.array(keptSchema).optional(),
});
type WrittenRecord = z.infer<typeof recordSchema>;
type WrittenContent = z.infer<typeof keptSchema>;

/**
 * The contents of one bundle in a folder: each archive, and each delta after it, under its own SHA-256, and one record
 * that names them, the last good one first. The record is replaced last and whole, so that a crash leaves the old state
 * or the new. Whoever reads an archive checks its signatures anew.
 */
export interface KeptContents {
  read(): Promise<LastGood | undefined>;
  /** Makes this the last good content; earlier ones stay, as many as are to be kept. */
  write(content: LastGood, facts: ContentFacts): Promise<void>;
  /** What was in force, the newest first. */
  history(): Promise<readonly KeptContent[]>;
  /** One of them with its bytes; undefined where it is not kept, or is not what its name says. */
  content(digest: string): Promise<Pick<Fetched, 'archive' | 'detached' | 'deltas'> | undefined>;
}

export function keptContents(directory: string, name: string, keep: number = KEPT_CONTENTS): KeptContents {
  const base = encodeURIComponent(name);
  const recordFile = join(directory, `${base}.json`);
  const fileOf = (digest: string): string => `${base}.${digest}.tar.gz`;
  const readRecord = async (): Promise<WrittenRecord | undefined> => {
    try {
      return recordSchema.parse(JSON.parse(await readFile(recordFile, 'utf8')));
    } catch {
      return undefined;
    }
  };
  const readArchives = (named: Pick<WrittenContent, 'sha256' | 'deltas' | 'detached'>) =>
    readWhole(directory, fileOf, named).catch(() => undefined);
  return {
    async read() {
      const record = await readRecord();
      const whole = record === undefined ? undefined : await readArchives(record);
      if (record === undefined || whole === undefined) return undefined;
      const { tag, confirmedAt, revision, sequence, supersedes } = record;
      return { tag, confirmedAt, ...whole, ...defined({ revision, sequence, supersedes }) };
    },
    async write({ archive, deltas = [], ...rest }, facts) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const digest = await writeArchive(directory, fileOf, archive);
      const listed = [];
      for (const delta of deltas)
        listed.push({
          sha256: await writeArchive(directory, fileOf, delta.archive),
          detached: [...delta.detached],
        });
      const named = { sha256: digest, ...(listed.length === 0 ? {} : { deltas: listed }) };
      const before = (await readRecord())?.history ?? [];
      const now: WrittenContent = {
        ...named,
        activatedAt: rest.confirmedAt,
        ...facts,
        signedBy: [...facts.signedBy],
        detached: [...rest.detached],
      };
      const history = [now, ...before.filter((one) => one.digest !== facts.digest)].slice(
        0,
        Math.max(1, keep),
      );
      await replaceFile(recordFile, JSON.stringify({ format: 1, ...rest, ...named, history }));
      const kept = new Set(
        history.flatMap((one) =>
          [one.sha256, ...(one.deltas ?? []).map((delta) => delta.sha256)].map(fileOf),
        ),
      );
      const gone = (await readdir(directory)).filter(
        (file) => file.startsWith(`${base}.`) && file.endsWith('.tar.gz') && !kept.has(file),
      );
      await Promise.all(gone.map((file) => rm(join(directory, file), { force: true })));
    },
    async history() {
      return ((await readRecord())?.history ?? []).map(
        ({ detached: _detached, sha256: _sha256, deltas: _deltas, ...one }) => defined(one),
      );
    },
    async content(digest) {
      const found = (await readRecord())?.history?.find((one) => one.digest === digest);
      return found === undefined ? undefined : readArchives(found);
    },
  };
}

type FileOf = (digest: string) => string;

async function readWhole(
  directory: string,
  fileOf: FileOf,
  { sha256: digest, deltas = [], detached }: Pick<WrittenContent, 'sha256' | 'deltas' | 'detached'>,
): Promise<Pick<Fetched, 'archive' | 'detached' | 'deltas'>> {
  const read = async (wanted: string): Promise<Uint8Array> => {
    const archive = await readFile(join(directory, fileOf(wanted)));
    if (hash('sha256', archive, 'hex') !== wanted) throw new Error('another archive stands in its place');
    return archive;
  };
  const changes = await Promise.all(
    deltas.map(async (delta) => ({ archive: await read(delta.sha256), detached: delta.detached })),
  );
  return { archive: await read(digest), detached, ...(changes.length === 0 ? {} : { deltas: changes }) };
}

/** One that is there is left: its name says what it is, and it is checked when it is read. */
async function writeArchive(directory: string, fileOf: FileOf, archive: Uint8Array): Promise<string> {
  const digest = hash('sha256', archive, 'hex');
  const file = join(directory, fileOf(digest));
  const present = await readFile(file).catch(() => undefined);
  if (present === undefined || hash('sha256', present, 'hex') !== digest) await replaceFile(file, archive);
  return digest;
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the members that are undefined: absent and undefined are not the same. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>;
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
