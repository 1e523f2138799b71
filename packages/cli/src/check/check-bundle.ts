import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle } from '@writ/bundle';
import {
  type CompileOptions,
  compilePolicy,
  type Diagnostic,
  type JsonObject,
  type ModuleSource,
} from '@writ/rego';

/** What a bundle's policies are checked with. */
export type CheckOptions = Pick<CompileOptions, 'strict' | 'schemas' | 'capabilities' | 'documents'>;

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
}

/** Compiles a bundle's policies and tests together. */
export function checkBundle(bundle: Bundle, path: string, options: CheckOptions): CheckedBundle {
  const sources = [...bundle.modules, ...bundle.testModules].map(({ file, text, version }) => ({
    file,
    text,
    version,
  }));
  const own = { ...options, documents: bundle.data as JsonObject };
  return { bundle, path, sources, options: own, diagnostics: diagnose(sources, own) };
}

/** Compiles Rego files that belong to no bundle together. */
export function checkFiles(files: readonly string[], options: CheckOptions): CheckedBundle {
  const sources = files.map((file): ModuleSource => ({ file, text: readFileSync(file, 'utf8') }));
  return { path: '', sources, options, diagnostics: diagnose(sources, options) };
}

/** What is wrong with modules that are compiled together. */
export function diagnose(sources: readonly ModuleSource[], options: CheckOptions): readonly Diagnostic[] {
  return compilePolicy(sources, options).diagnostics;
}

/** Where a module lies on disk. */
export function moduleFile({ path }: CheckedBundle, file: string): string {
  return join(path, file);
}
