/** Set-up of every file of tests. */
import { afterAll } from 'vitest';
import { endOfFile } from '../packages/testing/src/end-of-file.ts';

afterAll(endOfFile);
