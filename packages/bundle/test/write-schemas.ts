import { writeFileSync } from 'node:fs';
import { PUBLISHED_SCHEMAS, schemaText } from '../src/published-schemas.ts';

/** Writes `schemas/*.json` anew: `node packages/bundle/test/write-schemas.ts`. */
for (const [file, schema] of Object.entries(PUBLISHED_SCHEMAS)) {
  writeFileSync(new URL(`../schemas/${file}`, import.meta.url), schemaText(schema));
}
