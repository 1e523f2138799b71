import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { CommandError, EXIT } from '../exit-status.ts';

/** An archive with the signatures that stand beside it. */
export interface ArchiveFile {
  readonly archive: Uint8Array;
  readonly detached: readonly string[];
}

const SUFFIXES = ['.sigstore.json', '.sig'] as const;

/** Reads an archive, `FILE.sigstore.json` and `FILE.sig` beside it, and further signatures that were named. */
export function readArchiveFile(file: string, signatures: readonly string[] = []): ArchiveFile {
  if (!existsSync(file)) throw new CommandError(EXIT.badInput, `there is no ${file}`);
  const missing = signatures.find((one) => !existsSync(one));
  if (missing !== undefined) throw new CommandError(EXIT.badInput, `--signature: there is no ${missing}`);
  const beside = SUFFIXES.map((suffix) => file + suffix).filter((one) => existsSync(one));
  const all = [...new Set([...beside, ...signatures])];
  return { archive: readFileSync(file), detached: all.map((one) => readFileSync(one, 'utf8')) };
}

/** Writes an archive with its signatures beside it, as they are read again; gives the files. */
export function writeArchiveFile(file: string, { archive, detached }: ArchiveFile): readonly string[] {
  writeFileSync(file, archive);
  const taken = new Map<string, number>();
  const signatures = detached.map((text) => {
    const suffix = text.trimStart().startsWith('{') ? '.sigstore.json' : '.sig';
    const number = (taken.get(suffix) ?? 0) + 1;
    taken.set(suffix, number);
    const name = `${file}${number === 1 ? '' : `.${number}`}${suffix}`;
    writeFileSync(name, text);
    return name;
  });
  return [file, ...signatures];
}
