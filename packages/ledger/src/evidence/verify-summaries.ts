import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NotedEntry } from './evidence-walk.ts';
import { type EvidenceManifest, PACK_FILES } from './pack.ts';
import type { PackProblems } from './pack-problem.ts';
import { renderMarkdown, renderPage, summarise } from './summary.ts';

/** Renders the summaries anew and compares; a pack holds nothing beside its own files. */
export function verifySummaries(
  directory: string,
  manifest: EvidenceManifest,
  noted: readonly NotedEntry[],
  problems: PackProblems,
): void {
  const summary = summarise(manifest, noted);
  const expected = {
    [PACK_FILES.markdown]: renderMarkdown(summary),
    [PACK_FILES.page]: renderPage(summary),
  };
  for (const [name, text] of Object.entries(expected)) {
    if (readFileSync(join(directory, name), 'utf8') !== text)
      problems.add('summary_changed', `\`${name}\` does not say what the entries give`);
  }
  const known: readonly string[] = Object.values(PACK_FILES);
  for (const name of readdirSync(directory)) {
    if (!known.includes(name)) problems.add('file_unknown', `\`${name}\` is no part of a pack`);
  }
}
