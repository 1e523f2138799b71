import { mkdirSync, writeFileSync } from 'node:fs';
import { publishedSchemas } from '../src/index.ts';

/** Writes `schemas/NAME.schema.json`: `node packages/decision/test/write-schemas.ts`, then `biome check --write`. */
const folder = new URL('../schemas/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, schema] of Object.entries(publishedSchemas())) {
  writeFileSync(new URL(`${name}.schema.json`, folder), `${JSON.stringify(schema, undefined, 2)}\n`);
}
