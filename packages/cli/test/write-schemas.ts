import { mkdirSync, writeFileSync } from 'node:fs';
import { configJsonSchema } from '../src/index.ts';

/** Writes `schemas/writ.schema.json`: `node packages/cli/test/write-schemas.ts`. */
const folder = new URL('../schemas/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('writ.schema.json', folder), `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
