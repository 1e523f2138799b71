import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const SOURCES = join(import.meta.dirname, '../../src');

/** One of the package's entries, or the test's page, as a single script for browsers. */
export async function bundle(entry: string): Promise<string> {
  const build = await rolldown({ input: entry, platform: 'browser', logLevel: 'silent' });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  if (output.length !== 1) throw new Error(`${output.length} files where one was expected`);
  return output[0].code;
}

export interface Size {
  readonly name: string;
  readonly minifiedKb: number;
  readonly gzippedKb: number;
}

/** What the engine, and the runtime of compiled policies, weigh in a browser. */
export async function bundleSizes(): Promise<readonly Size[]> {
  const sizes: Size[] = [];
  for (const [name, file] of [
    ['engine', 'index.ts'],
    ['runtime of compiled policies', 'runtime.ts'],
  ] as const) {
    const code = await bundle(join(SOURCES, file));
    const bytes = Buffer.from(code);
    sizes.push({ name, minifiedKb: bytes.length / 1000, gzippedKb: gzipSync(bytes).length / 1000 });
  }
  return sizes;
}
