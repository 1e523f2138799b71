import { readText } from './read-text.ts';

/** Public keys of files, one a line: after a rotation a log has several. */
export function readKeys(files: readonly string[]): readonly string[] {
  return files.flatMap((file) =>
    readText(file)
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );
}
