import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BundleSource } from '@writ/bundle';
import type { Json, JsonObject } from '@writ/decision';
import type { Engine } from '../engine/engine.ts';
import { activationFacts } from './activation-facts.ts';
import type { LoadFailure } from './load-failure.ts';
import { type ActivationTerms, loadPolicies } from './load-policies.ts';
import type { PolicySource } from './policy-source.ts';
import { changeData, type DataOperation, hasPath } from './written-data.ts';

/** The name of the bundle that holds what is written over the API. */
export const WRITTEN_BUNDLE = 'written';

/** What became of a write; a failed one changed nothing. */
export type WriteOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly status: 400 | 404 | 503;
      readonly code: string;
      readonly message: string;
      readonly errors?: readonly object[];
    };

/** Policies and data that are written while the service runs, as OPA's REST API has it: one more bundle, kept on disk. */
export interface PolicyWrites {
  /** The bundle's name. */
  readonly bundle: string;
  /** The id of a policy by its file within the bundle. */
  idOf(file: string): string;
  putPolicy(id: string, text: string, by: string): Promise<WriteOutcome>;
  deletePolicy(id: string, by: string): Promise<WriteOutcome>;
  /** Is there written data at a path. */
  hasData(path: readonly string[]): boolean;
  changeData(operations: readonly DataOperation[], by: string): Promise<WriteOutcome>;
}

/** What a writable bundle needs of its surroundings. */
export interface PolicyWritesOptions {
  /** The bundle's own folder; made where it is missing. */
  readonly directory: string;
  /** All sources, the written one among them. */
  readonly sources: readonly BundleSource[];
  readonly engine: Engine;
  readonly policies: PolicySource;
  /** What the operator says of all bundles together: what is written has to keep it as well. */
  readonly terms?: ActivationTerms;
  /** What activates and should still be looked at. */
  readonly onWarning?: (message: string) => void;
  /** Puts a write on record before it takes effect, and its activation after. */
  readonly administration: {
    recordWrite(
      note: JsonObject,
    ): Promise<
      { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string }
    >;
    recordActivation(note: {
      readonly ok: boolean;
      readonly bundles: { readonly [name: string]: { readonly revision: string; readonly digest: string } };
      readonly facts?: JsonObject;
    }): Promise<unknown>;
  };
}

/** The source of a bundle that is written over the API; what a crash left half done is put in order first. */
export function writtenSource(directory: string): Extract<BundleSource, { kind: 'path' }> {
  const before = `${directory}.before`;
  if (!existsSync(directory) && existsSync(before)) renameSync(before, directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  rmSync(before, { recursive: true, force: true });
  rmSync(`${directory}.next`, { recursive: true, force: true });
  return { kind: 'path', path: directory, name: WRITTEN_BUNDLE };
}

interface Content {
  readonly policies: ReadonlyMap<string, string>;
  readonly data: JsonObject;
}

/** Writes, one after another: each is compiled with everything else, put on record, kept on disk, and then active. */
export function createPolicyWrites(options: PolicyWritesOptions): PolicyWrites {
  let content = readContent(options.directory);
  // Reloads take turns with writes: one that read the folder before a write must not swap it in after.
  const { inTurn } = options.policies;
  const write = (next: Content, note: Note): Promise<WriteOutcome> =>
    activate(options, next, note, () => {
      content = next;
    });
  return {
    bundle: WRITTEN_BUNDLE,
    idOf: idOfFile,
    hasData: (path) => hasPath(content.data, path),
    putPolicy: (id, text, by) =>
      inTurn(async () => {
        if (fileOf(id).length > FILE_NAME_MAX)
          return failed(400, 'invalid_parameter', 'the id of the policy is too long');
        const policies = new Map(content.policies).set(id, text);
        return write({ ...content, policies }, { by, put: id, sha256: digest(text) });
      }),
    deletePolicy: (id, by) =>
      inTurn(async () => {
        const policies = new Map(content.policies);
        if (!policies.delete(id))
          return failed(404, 'resource_not_found', `storage_not_found_error: policy id "${id}"`);
        return write({ ...content, policies }, { by, delete: id });
      }),
    changeData: (operations, by) =>
      inTurn(async () => {
        const changed = changeData(content.data, operations);
        if (!changed.ok)
          return failed(changed.code === 'invalid_parameter' ? 400 : 404, changed.code, changed.message);
        const paths = operations.map(({ op, path }) => `${op} /${path.join('/')}`);
        return write(
          { ...content, data: changed.data },
          { by, data: paths, sha256: digest(JSON.stringify(changed.data)) },
        );
      }),
  };
}

type Note = { readonly [name: string]: Json };

async function activate(
  { directory, sources, engine, policies, administration, terms, onWarning }: PolicyWritesOptions,
  next: Content,
  note: Note,
  done: () => void,
): Promise<WriteOutcome> {
  const staging = `${directory}.next`;
  await writeContent(staging, next);
  const staged = sources.map((source) =>
    source.kind === 'path' && source.path === directory ? { ...source, path: staging } : source,
  );
  const loaded = await loadPolicies(staged, engine, terms);
  if (!loaded.ok) {
    await rm(staging, { recursive: true, force: true });
    return refusedContent(loaded);
  }
  const recorded = await administration.recordWrite(note);
  if (!recorded.ok) {
    await loaded.set.policies.close();
    return failed(503, recorded.code, recorded.message);
  }
  const before = `${directory}.before`;
  renameSync(directory, before);
  renameSync(staging, directory);
  await syncFolder(dirname(directory));
  await rm(before, { recursive: true, force: true });
  done();
  policies.swap(loaded.set);
  const bundles = loaded.set.bundles.map(({ name, revision, digest: sum }) => [
    name,
    { revision, digest: sum },
  ]);
  const facts = activationFacts(loaded.set.bundles);
  await administration.recordActivation({ ok: true, bundles: Object.fromEntries(bundles), facts });
  for (const { message } of loaded.warnings) onWarning?.(message);
  return { ok: true };
}

function refusedContent({ problems, diagnostics }: LoadFailure): WriteOutcome {
  const errors = [
    ...diagnostics.map(({ code, message, file, row, column }) => ({
      code,
      message,
      ...(file === undefined ? {} : { location: { file: idOfFile(file), row: row ?? 0, col: column ?? 0 } }),
    })),
    ...problems.map(({ code, message, help }) => ({
      code,
      message,
      ...(help === undefined ? {} : { help }),
    })),
  ];
  return { ...failed(400, 'invalid_parameter', 'error(s) occurred while compiling module(s)'), errors };
}

function failed(
  status: 400 | 404 | 503,
  code: string,
  message: string,
): Extract<WriteOutcome, { ok: false }> {
  return { ok: false, status, code, message };
}

function digest(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

const FILE = /^policies\/p-(.*)\.policy\.rego$/;
/** What file systems take, less what a copy of one may add. */
const FILE_NAME_MAX = 240;

/** A name that no file system minds and that is never taken for a test's. */
function fileOf(id: string): string {
  return `policies/p-${encodeURIComponent(id)}.policy.rego`;
}

function idOfFile(file: string): string {
  const encoded = FILE.exec(file.slice(file.indexOf('policies/')))?.[1];
  return encoded === undefined ? file : decodeURIComponent(encoded);
}

function readContent(directory: string): Content {
  const folder = join(directory, 'policies');
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const policies = names.map(
    (name) => [idOfFile(`policies/${name}`), readFileSync(join(folder, name), 'utf8')] as const,
  );
  const file = join(directory, 'data.json');
  const data = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as JsonObject) : {};
  return { policies: new Map(policies), data };
}

async function writeContent(directory: string, { policies, data }: Content): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(join(directory, 'policies'), { recursive: true, mode: 0o700 });
  const files = [...policies].map(([id, text]) => [fileOf(id), text] as const);
  for (const [name, text] of [...files, ['data.json', JSON.stringify(data)] as const]) {
    const handle = await open(join(directory, name), 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  await syncFolder(join(directory, 'policies'));
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
