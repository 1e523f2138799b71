import type { Location } from '../syntax/index.ts';

const STEP = /\.\s*([A-Za-z_]\w*)|\[\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`)\s*\]|([A-Za-z_]\w*)/g;

/** The steps of a path of names as they stand in the source: words, and strings with their quotes. */
export function writtenSteps(source: string, path: Location): readonly Location[] {
  const text = source.slice(path.start, path.end);
  return [...text.matchAll(STEP)].map((found) => {
    const word = found[1] ?? found[2] ?? found[3]!;
    const start = path.start + found.index + found[0].indexOf(word);
    return { ...path, start, end: start + word.length };
  });
}
