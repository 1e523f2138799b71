#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runOnNode24 } from './node24.mjs';

// Built packages carry `dist`; a checkout runs its sources.
const built = new URL('../dist/main.js', import.meta.url);
const main = existsSync(built) ? built : new URL('../src/main.ts', import.meta.url);
runOnNode24([fileURLToPath(main), ...process.argv.slice(2)]);
