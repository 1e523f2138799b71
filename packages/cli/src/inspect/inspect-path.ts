import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { extname, relative } from 'node:path';
import {
  type Bundle,
  type BundleFile,
  readDirectory,
  readTarballBytes,
  renderProblem,
  unpackArchive,
  type VerificationKey,
} from '@writ/bundle';
import { type Module, parseModule } from '@writ/rego';
import { readArchiveFile } from '../bundles/archive-file.ts';
import { bundleName } from '../compose/find-bundles.ts';
import { readText } from '../compose/read-text.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { filesBelow } from '../load/files-below.ts';
import { type BundleFacts, dataFacts, fileFacts, signatureFacts } from './bundle-facts.ts';

/** What was found at a path. */
export interface Inspected {
  /** As it stands in the bundle. */
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** What `.signatures.json` holds. */
  readonly signatures: object;
  readonly namespaces: ReadonlyMap<string, readonly string[]>;
  readonly modules: readonly Module[];
  /** Absent for a single Rego file. */
  readonly facts?: BundleFacts;
}

/** Reads whatever a path names: an archive, a folder, or one Rego file. */
export async function inspectPath(
  path: string,
  version: 0 | 1,
  keys: Readonly<Record<string, VerificationKey>>,
): Promise<Inspected> {
  if (!existsSync(path)) throw new CommandError(EXIT.badInput, `there is no ${path}`);
  if (/\.(tar\.gz|tgz)$/.test(path)) return inspectArchive(path, version, keys);
  if (!statSync(path).isDirectory()) {
    const files = [{ path, bytes: Buffer.from(readText(path)) }];
    return { signatures: {}, ...contentOf(files, version) };
  }
  const files = filesBelow(path, ['node_modules'])
    .filter((file) => !relative(path, file).startsWith('.git/'))
    .map((file) => ({
      path: relative(path, file).replaceAll('\\', '/'),
      bytes: Buffer.from(readText(file)),
    }));
  const read = await readDirectory(path, { name: bundleName(path), skipVerify: true });
  return {
    ...documentsOf(files, path),
    ...contentOf(files, version),
    facts: {
      ...(read.ok ? factsOf(read.bundle) : { entrypoints: [], data: [], tests: 0 }),
      signatures: [],
      files: fileFacts(files),
    },
  };
}

async function inspectArchive(
  path: string,
  version: 0 | 1,
  keys: Readonly<Record<string, VerificationKey>>,
): Promise<Inspected> {
  const { archive, detached } = readArchiveFile(path);
  const unpacked = unpackArchive(archive);
  if (!unpacked.ok) throw new CommandError(EXIT.badInput, unpacked.problems.map(renderProblem).join('\n'));
  const { files } = unpacked;
  const delta = deltaOf(files);
  const read =
    delta === undefined
      ? await readTarballBytes(archive, { name: bundleName(path), skipVerify: true })
      : undefined;
  if (read?.ok === false) throw new CommandError(EXIT.badInput, read.problems.map(renderProblem).join('\n'));
  return {
    ...documentsOf(files, path),
    ...contentOf(files, version),
    facts: {
      ...(read === undefined ? { entrypoints: [], data: [], tests: 0 } : factsOf(read.bundle)),
      archive_sha256: createHash('sha256').update(archive).digest('hex'),
      size_bytes: archive.length,
      signatures: await signatureFacts(archive, detached, files, keys),
      files: fileFacts(files),
      ...(delta === undefined ? {} : { delta }),
    },
  };
}

function factsOf(
  bundle: Bundle,
): Pick<BundleFacts, 'digest' | 'sequence' | 'entrypoints' | 'data' | 'tests'> {
  const { digest, sequence, entrypoints, testModules } = bundle;
  return {
    digest,
    ...(sequence === undefined ? {} : { sequence }),
    entrypoints,
    data: dataFacts(bundle),
    tests: testModules.length,
  };
}

/** What a delta says that it changes, by how many operations. */
function deltaOf(files: readonly BundleFile[]): object | undefined {
  const patch = files.find(({ path }) => path === 'patch.json');
  if (patch === undefined) return undefined;
  const manifest = files.find(({ path }) => path === '.manifest');
  const read = (file: BundleFile | undefined): unknown => {
    try {
      return file === undefined ? undefined : JSON.parse(new TextDecoder().decode(file.bytes));
    } catch {
      return undefined;
    }
  };
  const { metadata } = (read(manifest) ?? {}) as { metadata?: { writ?: { delta?: object } } };
  const operations = (read(patch) as { data?: unknown[] } | undefined)?.data?.length ?? 0;
  return { ...metadata?.writ?.delta, operations };
}

/** The manifest and the signatures as they stand there. */
function documentsOf(
  files: readonly BundleFile[],
  place: string,
): Pick<Inspected, 'manifest' | 'signatures'> {
  const parse = (name: string): Readonly<Record<string, unknown>> | undefined => {
    const file = files.find(({ path }) => path === name);
    if (file === undefined) return undefined;
    try {
      return JSON.parse(new TextDecoder().decode(file.bytes)) as Readonly<Record<string, unknown>>;
    } catch (error) {
      throw new CommandError(EXIT.badInput, `${place}: ${name} is not JSON: ${(error as Error).message}`);
    }
  };
  const manifest = parse('.manifest');
  return { ...(manifest === undefined ? {} : { manifest }), signatures: parse('.signatures.json') ?? {} };
}

function contentOf(files: readonly BundleFile[], version: 0 | 1): Pick<Inspected, 'namespaces' | 'modules'> {
  const modules = files
    .filter(({ path }) => extname(path) === '.rego')
    .map(({ path, bytes }) => {
      const { module, diagnostics } = parseModule(new TextDecoder().decode(bytes), { file: path, version });
      if (module !== undefined) return module;
      const { location, message } = diagnostics[0]!;
      throw new CommandError(EXIT.badInput, `${path}:${location.row}: ${message}`);
    });
  const namespaces = new Map<string, string[]>();
  const add = (name: string, file: string): void => {
    namespaces.set(name, [...(namespaces.get(name) ?? []), file]);
  };
  for (const { package: own, file } of modules) add(['data', ...own.path].join('.'), file);
  for (const { path } of files.filter(({ path: file }) => /(^|\/)data\.(json|ya?ml)$/.test(file)))
    add(['data', ...path.split('/').slice(0, -1)].join('.'), path);
  return {
    namespaces: new Map([...namespaces].sort(([first], [second]) => (first < second ? -1 : 1))),
    modules,
  };
}
