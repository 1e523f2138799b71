import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type Capabilities, fromParsed, readCapabilities, type Value } from '@writ/rego';
import { parse as parseYaml } from 'yaml';
import { CommandError, EXIT } from '../exit-status.ts';

/**
 * JSON Schemas from a file, which is the schema of `input`, or from a folder, in which `a/b.json` is what annotations
 * call `schema.a.b`. The names are paths below `schema`, steps parted by `/`.
 */
export function readSchemas(path: string): ReadonlyMap<string, Value> {
  if (!existsSync(path)) throw new CommandError(EXIT.badInput, `there is no schema ${path}`);
  if (!statSync(path).isDirectory()) return new Map([['', readDocument(path)]]);
  const schemas = new Map<string, Value>();
  const visit = (folder: string, steps: readonly string[]): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = join(folder, entry.name);
      if (entry.isDirectory()) visit(file, [...steps, entry.name]);
      else schemas.set([...steps, nameOf(entry.name)].map(escapeStep).join('/'), readDocument(file));
    }
  };
  visit(path, []);
  return schemas;
}

function nameOf(file: string): string {
  const extension = extname(file);
  return extension === '' ? file : file.slice(0, -extension.length);
}

function escapeStep(step: string): string {
  return step.replaceAll('~', '~0').replaceAll('/', '~1');
}

function readDocument(file: string): Value {
  try {
    const text = readFileSync(file, 'utf8');
    const value = fromParsed(extname(file) === '.json' ? JSON.parse(text) : parseYaml(text));
    if (value !== undefined) return value;
  } catch (error) {
    throw new CommandError(EXIT.badInput, `${file}: ${error instanceof Error ? error.message : error}`);
  }
  throw new CommandError(EXIT.badInput, `${file}: holds no document`);
}

/** A `capabilities.json` in OPA's format. */
export function readCapabilitiesFile(file: string): Capabilities {
  const help = 'writ takes a file in the format of `opa capabilities --current`, not the name of a version';
  if (!existsSync(file)) throw new CommandError(EXIT.badInput, `there is no file ${file}`, help);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CommandError(EXIT.badInput, `${file}: ${error instanceof Error ? error.message : error}`);
  }
  const found = readCapabilities(parsed);
  if ('problem' in found) throw new CommandError(EXIT.badInput, `${file}: ${found.problem}`, help);
  return found;
}
