import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle, BundleProblem } from '@writ/bundle';
import {
  type CompileOptions,
  type CompileResult,
  compilePolicy,
  type Diagnostic,
  type JsonObject,
  type ModuleSource,
} from '@writ/rego';

import { misfits } from './entrypoint-fit.ts';

/** What a bundle's policies are checked with. */
export interface CheckOptions
  extends Pick<CompileOptions, 'strict' | 'schemas' | 'capabilities' | 'documents'> {
  /** Versions that modules are read in, where not their own: an error in any of them counts, the first one's first. */
  readonly versions?: readonly (0 | 1)[];
}

/** A bundle on its way through `writ check`: where it lies and what its modules say. */
export interface CheckedBundle {
  /** Absent for Rego files that were named one by one. */
  readonly bundle?: Bundle;
  /** Where it was read from: a folder or an archive. */
  readonly path: string;
  readonly sources: readonly ModuleSource[];
  /** What it is checked with; its data is part of that. */
  readonly options: CheckOptions;
  readonly diagnostics: readonly Diagnostic[];
  /** What its manifest says that its rules cannot be. */
  readonly problems: readonly BundleProblem[];
}

/** Compiles a bundle's policies and tests together. */
export function checkBundle(bundle: Bundle, path: string, options: CheckOptions): CheckedBundle {
  const sources = [...bundle.modules, ...bundle.testModules].map(({ file, text, version }) => ({
    file,
    text,
    version,
  }));
  const own = { ...options, documents: bundle.data as JsonObject };
  const { policy, diagnostics } = compileInVersions(sources, own);
  const problems = policy === undefined ? [] : misfits(bundle, policy);
  return { bundle, path, sources, options: own, diagnostics, problems };
}

/** Compiles Rego files that belong to no bundle together. */
export function checkFiles(files: readonly string[], options: CheckOptions): CheckedBundle {
  const sources = files.map((file): ModuleSource => ({ file, text: readFileSync(file, 'utf8') }));
  return { path: '', sources, options, diagnostics: diagnose(sources, options), problems: [] };
}

/** What is wrong with modules that are compiled together. */
export function diagnose(sources: readonly ModuleSource[], options: CheckOptions): readonly Diagnostic[] {
  return compileInVersions(sources, options).diagnostics;
}

function compileInVersions(
  sources: readonly ModuleSource[],
  { versions, ...options }: CheckOptions,
): CompileResult {
  if (versions === undefined) return compilePolicy(sources, options);
  const results = versions.map((version) =>
    compilePolicy(
      sources.map((source) => ({ ...source, version })),
      options,
    ),
  );
  return results.find(({ policy }) => policy === undefined) ?? results.at(-1)!;
}

/** Where a module lies on disk. */
export function moduleFile({ path }: CheckedBundle, file: string): string {
  return join(path, file);
}
