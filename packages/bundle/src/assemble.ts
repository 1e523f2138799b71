import { matchesGlob } from 'node:path/posix';
import { type JsonObject, readStrictBytes } from '@writ/decision';
import type { Bundle, BundleModule, BundleResult, Entrypoint, ReadBundleOptions } from './bundle.ts';
import { digestContent } from './digest.ts';
import { engineContent } from './engine-content.ts';
import { annotatedEntrypoints } from './entrypoint.ts';
import { type BundleFile, belongsToBundle, completeLimits, isDataFile, isTestModule } from './files.ts';
import { LARGE_BYTES } from './large/read-large.ts';
import { holdsLazy } from './large/write-canonical.ts';
import {
  checkEntrypoint,
  EMPTY_MANIFEST,
  type Manifest,
  type ManifestResult,
  readManifest,
} from './manifest.ts';
import { packagePath } from './package-path.ts';
import type { BundleProblem } from './problem.ts';
import { mergeDocuments, type PlacedDocument, placeOf, readDocument } from './read-data.ts';
import { checkRegistry } from './registry/read-registry.ts';
import { checkRoots, rootsOfContent } from './roots.ts';
import { checkSignatures, type SignedArchive } from './signing/check-signatures.ts';
import type { CheckedSignature } from './signing/verification.ts';
import type { Governance } from './stewardship.ts';
import { locateInData } from './yaml-place.ts';

/**
 * A bundle from its files, wherever they came from; every problem of every file is listed at once. Signatures are
 * checked first, and what they do not fit is not looked into: nothing of an unproven sender's is interpreted.
 */
export async function assembleBundle(
  all: readonly BundleFile[],
  options: ReadBundleOptions & { readonly name: string },
  archive?: SignedArchive,
): Promise<BundleResult> {
  const checked = await checkSignatures(all, options, archive);
  if (checked.problems.length > 0)
    return { ok: false, problems: checked.problems.map((problem) => ({ bundle: options.name, ...problem })) };
  return assembleContent(all, { ...options, checked: checked.signatures });
}

/** What a bundle is assembled of, once nobody's word has to be proven any more. */
export interface ContentOptions extends ReadBundleOptions {
  readonly name: string;
  /** The signatures that were required and fit. */
  readonly checked: readonly CheckedSignature[];
  /** In place of what data files hold: after a delta. */
  readonly data?: JsonObject;
}

/** A bundle from files whose signatures were checked. */
export function assembleContent(all: readonly BundleFile[], options: ContentOptions): BundleResult {
  const files = all.filter((file) => belongsToBundle(file.path));
  const problems = checkPatch(files);
  const manifestFile = files.find((file) => file.path === '.manifest');
  const read =
    manifestFile === undefined
      ? ({ ok: true, manifest: EMPTY_MANIFEST } as const)
      : parseManifest(manifestFile);
  if (!read.ok) problems.push(...read.problems);
  else if (read.manifest.delta !== undefined) problems.push(NO_PATCH);
  const manifest = read.ok ? read.manifest : EMPTY_MANIFEST;
  const modules = readModules(files, manifest, problems);
  const data = readAllData(files, options, problems);
  // What a manifest calls `rego` is for whichever engine the service has for Rego.
  const engine = options.engine ?? (manifest.engine === 'rego' ? undefined : manifest.engine);
  const content = engineContent(engine, files, manifest, problems);
  const active = modules.filter((module) => !isTestModule(module.file));
  // Modules and Cedar have no packages: what they are asked by is theirs. What cannot be parsed has none; the compiler refuses it with its own words.
  const packages = active.flatMap(({ file, package: path }) => (path === '' ? [] : [{ file, path }]));
  const asked = content === undefined ? [] : [...manifest.entrypoints, ...(options.entrypoints ?? [])];
  const owned = [...packages, ...asked].map(({ path }) => path);
  const isWhole = manifestFile !== undefined && content === undefined;
  const roots = manifest.roots ?? (isWhole ? [''] : rootsOfContent(owned, data.data));
  if (read.ok) problems.push(...checkRoots(roots, packages, data.data));
  const marked =
    manifest.entrypoints.length > 0
      ? { entrypoints: [], problems: [] }
      : annotatedEntrypoints(active, manifest.defaults);
  problems.push(...marked.problems);
  const entrypoints = uniqueEntrypoints(
    [...manifest.entrypoints, ...marked.entrypoints, ...(options.entrypoints ?? [])],
    options,
    manifest.governance,
    problems,
  );
  problems.push(...locateInData(checkRegistry(data.data), files));
  if (problems.length > 0)
    return { ok: false, problems: problems.map((problem) => ({ bundle: options.name, ...problem })) };
  const digest = digestContent({
    revision: manifest.revision,
    roots,
    metadata: manifest.metadata,
    modules: active,
    data: data.data,
    entrypoints,
    engineContent: content,
  });
  const bundle: Bundle = {
    name: options.name,
    revision: manifest.revision || options.revision || digest.slice('sha256:'.length, 'sha256:'.length + 12),
    ...(manifest.sequence === undefined ? {} : { sequence: manifest.sequence }),
    ...(manifest.rollbackTo === undefined ? {} : { rollbackTo: manifest.rollbackTo }),
    ...(manifest.release === undefined ? {} : { release: manifest.release }),
    digest,
    roots,
    regoVersion: manifest.regoVersion,
    modules: active,
    testModules: modules.filter((module) => isTestModule(module.file)),
    data: data.data,
    metadata: manifest.metadata,
    entrypoints,
    ...governanceFor(manifest.governance, options),
    thirdParty: options.thirdParty ?? false,
    ...(engine === undefined ? {} : { engine }),
    ...(content === undefined ? {} : { engineContent: content }),
    signatures: Object.freeze([...options.checked]),
    hasManifest: manifestFile !== undefined,
  };
  return { ok: true, bundle: Object.freeze(bundle) };
}

/** The manifest of a delta without its patch: taken for a snapshot it would empty what it was to change. */
const NO_PATCH: BundleProblem = {
  code: 'manifest_invalid',
  message: 'it names a bundle that it changes, and there is no patch beside it',
  file: '.manifest',
  pointer: '/metadata/writ/delta',
};
/** Third parties' policies run in threads of their own, to which their data is copied. */
function tooLargeForThirdParty(): BundleProblem {
  const message = `a third party's bundle has a data document of more than ${LARGE_BYTES} bytes`;
  return { code: 'bundle_too_large', message };
}

/** A patch alone is no bundle. */
function checkPatch(files: readonly BundleFile[]): BundleProblem[] {
  if (!files.some(({ path }) => path === 'patch.json')) return [];
  const message = 'a delta bundle changes another one and cannot be read by itself';
  return [
    {
      code: 'bundle_unreadable',
      message,
      file: 'patch.json',
      help: 'give the whole bundle (a snapshot)',
    },
  ];
}

function readAllData(files: readonly BundleFile[], options: ContentOptions, problems: BundleProblem[]) {
  const data =
    options.data === undefined
      ? mergeDocuments(readDocuments(files, options, problems))
      : { data: options.data, problems: [] };
  problems.push(...data.problems);
  if (options.thirdParty === true && holdsLazy(data.data)) problems.push(tooLargeForThirdParty());
  return data;
}

function parseManifest(file: BundleFile): ManifestResult {
  const read = readStrictBytes(file.bytes);
  if (read.ok) return readManifest(read.value);
  const { message, line, column } = read;
  return { ok: false, problems: [{ code: 'manifest_invalid', message, file: file.path, row: line, column }] };
}

function readModules(
  files: readonly BundleFile[],
  manifest: Manifest,
  problems: BundleProblem[],
): BundleModule[] {
  return files
    .filter((file) => file.path.endsWith('.rego'))
    .flatMap((file) => {
      try {
        const text = new TextDecoder('utf-8', { fatal: true }).decode(file.bytes);
        return [
          {
            file: file.path,
            text,
            version: versionOf(file.path, manifest),
            package: packagePath(text) ?? '',
          },
        ];
      } catch {
        problems.push({ code: 'bundle_unreadable', message: 'text is not UTF-8', file: file.path });
        return [];
      }
    });
}

/** OPA writes these globs with a leading `/`, from the bundle's top. */
function versionOf(file: string, manifest: Manifest): 0 | 1 {
  const named = manifest.fileRegoVersions.find(([glob]) => matchesGlob(file, glob.replace(/^\/+/, '')));
  return named?.[1] ?? manifest.regoVersion;
}

function readDocuments(
  files: readonly BundleFile[],
  options: ReadBundleOptions,
  problems: BundleProblem[],
): PlacedDocument[] {
  const limits = completeLimits(options.limits);
  return files
    .filter((file) => isDataFile(file.path))
    .flatMap((file) => {
      const document = readDocument(file, limits);
      if (document.ok) return [{ file: file.path, path: placeOf(file.path), value: document.value }];
      problems.push(document.problem);
      return [];
    });
}

function governanceFor(own: Governance, { mode, unreviewed }: ReadBundleOptions): Pick<Bundle, 'governance'> {
  const governance: Governance = {
    ...own,
    ...(mode === undefined ? {} : { operatorMode: mode }),
    ...(unreviewed === undefined ? {} : { unreviewed }),
  };
  return Object.keys(governance).length === 0 ? {} : { governance: Object.freeze(governance) };
}

/** A third party that observes would take back what it tightens: only the operator may say so. */
function checkOwnMode(
  entrypoints: readonly Entrypoint[],
  options: ReadBundleOptions,
  governance: Governance,
): BundleProblem[] {
  const observes = [governance, ...entrypoints].some(({ mode }) => mode === 'observe');
  if (options.thirdParty !== true || !observes) return [];
  const message = "a third party's bundle may not say of itself that it only observes";
  const help = 'say `mode: observe` for the bundle in writ.yaml';
  return [{ code: 'entrypoint_invalid', message, file: '.manifest', help }];
}

/** Kinds that would loosen: no word of a third party's. What says who an actor is decides what others grant him. */
const LOOSENING = new Set(['grant', 'overrides', 'capabilities']);

/** A third party speaks for tools of servers that it names, never for whatever comes. */
function namesServers({ when }: Entrypoint): boolean {
  const { servers } = when;
  return servers !== undefined && servers.length > 0 && servers.every((server) => !/^\**$/.test(server));
}

function uniqueEntrypoints(
  entrypoints: readonly Entrypoint[],
  options: ReadBundleOptions,
  governance: Governance,
  problems: BundleProblem[],
): readonly Entrypoint[] {
  const byKey = new Map<string, Entrypoint>();
  problems.push(...checkOwnMode(entrypoints, options, governance));
  for (const entrypoint of entrypoints) {
    problems.push(...checkEntrypoint(entrypoint));
    if (options.thirdParty === true && LOOSENING.has(entrypoint.kind)) {
      const message = `entrypoint \`${entrypoint.path}\`: a third party's bundle may not hold kind \`${entrypoint.kind}\``;
      problems.push({
        code: 'entrypoint_invalid',
        message,
        help: 'use `guard` or `violations`, which only tighten',
      });
    }
    if (options.thirdParty === true && !namesServers(entrypoint)) {
      const message = `entrypoint \`${entrypoint.path}\`: a third party's bundle is consulted only for servers that it names`;
      problems.push({ code: 'entrypoint_invalid', message, help: 'add `"when": {"servers": ["…"]}`' });
    }
    if (options.layers !== undefined && !options.layers.includes(entrypoint.layer)) {
      const message = `entrypoint \`${entrypoint.path}\`: this bundle may not hold layer \`${entrypoint.layer}\``;
      problems.push({
        code: 'entrypoint_invalid',
        message,
        help: `it may hold ${options.layers.join(', ')}`,
      });
    }
    if (governance.layer !== undefined && entrypoint.layer !== governance.layer) {
      problems.push({
        code: 'entrypoint_invalid',
        message: `entrypoint \`${entrypoint.path}\` stands in layer \`${entrypoint.layer}\`, and its bundle in layer \`${governance.layer}\``,
        help: 'give each layer a bundle of its own, or leave the bundle\u2019s `layer` out',
      });
    }
    const key = `${entrypoint.path} ${entrypoint.kind}`;
    if (byKey.has(key))
      problems.push({
        code: 'entrypoint_invalid',
        message: `entrypoint \`${entrypoint.path}\` is listed twice as \`${entrypoint.kind}\``,
      });
    byKey.set(key, entrypoint);
  }
  return Object.freeze([...byKey.values()]);
}
