import { assembleContent } from '../assemble.ts';
import type { BundleResult } from '../bundle.ts';
import { REGISTRY_PATH } from './read-registry.ts';

const PLACE = `${REGISTRY_PATH.join('/')}/data.yaml`;

/** Reads a registry that stands in a file by itself, as a bundle would hold it. Problems name `file`, row and column. */
export function readRegistryFile(text: string, file: string, name: string): BundleResult {
  const encoder = new TextEncoder();
  const manifest = JSON.stringify({ roots: [REGISTRY_PATH.join('/')] });
  const files = [
    { path: '.manifest', bytes: encoder.encode(manifest) },
    { path: PLACE, bytes: encoder.encode(text) },
  ];
  const read = assembleContent(files, { name, checked: [] });
  if (read.ok) return read;
  return {
    ok: false,
    problems: read.problems.map((problem) => (problem.file === PLACE ? { ...problem, file } : problem)),
  };
}
